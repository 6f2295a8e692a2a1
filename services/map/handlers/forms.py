"""Forms, and what phones send that fill them in."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from time import sleep
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.errors import BadInput, NotFound
from hinterland.files.prepared import Prepared
from hinterland.records import Changes, Record, Records, derived_id
from hinterland.tables.problems import FileProblem
from services.map import queries
from services.map.contract import limits
from services.map.contract.access import may, readable_scopes, require
from services.map.contract.codes import Channel, LocatedBy, State
from services.map.contract.errors import FormUnknown, FormVersionExists, SubmissionConflict
from services.map.contract.form_calls import (
    FORM_FILE_BYTES_MAX,
    SUBMISSION_BYTES_MAX,
    Attachment,
    GetForm,
    GetFormMedia,
    ListForms,
    PutForm,
    SubmitForm,
)
from services.map.contract.forms import Media, Xform, form_summary, md5_of
from services.map.forms.process import read_form_in_process
from services.map.forms.submissions import (
    Submission,
    filled_in_at,
    read_answers,
    read_submission,
)
from services.map.handlers.answering import latest_day
from services.map.handlers.files import keep_file, piece_of
from services.map.handlers.imports import UNTOUCHED
from services.map.handlers.intakes import (
    fingerprint,
    hold_to_caps,
    receive,
    refuse_problems,
)
from services.map.handlers.sharing import category_chain
from services.map.handlers.tables import scope_of
from services.map.rules.answers import (
    check_answers,
    files_named,
    personal_answers,
    report_of,
    without_personal,
)
from services.map.rules.reporting import normalise
from services.map.rules.states import stepped

__all__ = ["get_form", "get_form_media", "list_forms", "put_form", "submit_form"]

AHEAD_MAX: Final = timedelta(seconds=limits.AHEAD_S_MAX)


def put_form(records: Records, actor: Actor, params: PutForm) -> dict[str, Any]:
    """`{id, form_id, form_version, problems: [{sheet, row, column, message}], version, head}`;
    `id` and `version` are missing after a dry run. Raises NotAllowed, FormRefused, BadXml,
    UnreadableFile, FormVersionExists, BadInput, and what preparing a file raises."""
    require(actor, "write", "form", params.scope, records.node)
    _require_together(len(params.content), params.media, FORM_FILE_BYTES_MAX, "content")
    body, problems = read_form_in_process(params.content)
    body |= {"category": params.category} if params.category else {}
    said = {
        "form_id": body["form_id"],
        "form_version": body["version"],
        "problems": [_problem(each) for each in problems],
    }
    if params.dry_run:
        return {"head": records.head(), **said}
    body |= _keep_media(records, params.media)

    def put(changes: Changes) -> dict[str, Any]:
        # Which version a phone has it says by these two alone.
        form_id = derived_id(changes.node, "form", str(body["form_id"]), str(body["version"]))
        old = changes.get(form_id)
        if old is not None and old.body["xform"] != body["xform"]:
            raise FormVersionExists(
                f"Version {body['version']!r} of {body['form_id']} is there already, and says "
                "something else. Write a new version in the sheet settings: phones tell forms "
                "apart by it.",
                field="version",
            )
        if params.category is not None:
            _ask_in(changes, actor, params.category, form_id)
        return {"id": changes.put("form", body, params.scope, form_id), **said}

    return records.execute(params.command_id, actor.account, put)


def _ask_in(changes: Changes, actor: Actor, category: str, form_id: str) -> None:
    """Browsers ask what a category names. One of another home names what its home wants. Raises
    BadInput, NotAllowed."""
    category_chain(changes, category)
    record = changes.get(category)
    if record is None or record.home != changes.node or record.body.get("form") == form_id:
        return
    scope = scope_of(record)
    require(actor, "write", "category", scope, changes.node)
    changes.put("category", {**record.body, "form": form_id}, scope, record.id)


def _problem(problem: FileProblem) -> dict[str, Any]:
    return {
        "sheet": problem.file,
        "row": problem.row,
        "column": problem.column,
        "message": problem.message,
    }


def _keep_media(records: Records, media: Iterable[Attachment]) -> dict[str, Any]:
    """The fields `media` and `files` of a form."""
    found: dict[str, Any] = {}
    for each in media:
        prepared, file = _keep(records, each)
        found.setdefault("files", []).append(file)
        said = Media(name=each.name, sha256=prepared.sha256, md5=md5_of(prepared.data))
        found.setdefault("media", []).append(said.model_dump())
    return found


def _keep(records: Records, attachment: Attachment) -> tuple[Prepared, dict[str, Any]]:
    """The file, and what a record says of it. Raises what preparing raises, by the file's name."""
    try:
        return keep_file(records, attachment.content, attachment.name)
    except BadInput as error:
        raise type(error)(error.message, field=f"attachments.{attachment.name}") from error


def _require_together(
    size: int, attachments: Iterable[Attachment], bytes_max: int, field: str
) -> None:
    size += sum(len(each.content) for each in attachments)
    if size > bytes_max:
        raise BadInput(f"{size} bytes are too much at once; {bytes_max} is the limit", field=field)


def list_forms(records: Records, actor: Actor, params: ListForms) -> dict[str, Any]:
    """`{head, items: [{id, home, at, form_id, version, names, category, md5, has_media}]}`, by
    form_id, the latest version first. Of two nodes that use one form_id this one's counts."""
    head = records.head()
    scopes = readable_scopes(actor, "form", records.node)
    found = queries.forms(records.collection, scopes, params.form_id)
    found.sort(key=lambda form: form["at"], reverse=True)
    found.sort(key=lambda form: (form["body"]["form_id"], form["home"] != records.node))
    items: list[dict[str, Any]] = []
    for form in found:
        if params.all_versions or not items or items[-1]["form_id"] != form["body"]["form_id"]:
            at = rfc3339(form["at"])
            items.append(
                {"id": form["_id"], "home": form["home"], "at": at, **form_summary(form["body"])}
            )
    return {"head": head, "items": items}


def get_form(records: Records, actor: Actor, params: GetForm) -> dict[str, Any]:
    """`{head, id, form_id, xform, media: [{name, md5}]}`, `xform` in base64 as phones get it, byte
    for byte. Raises FormUnknown."""
    head = records.head()
    form = _readable_form(records, actor, params.id)
    try:
        xform = Xform.model_validate(form.body.get("xform")).unpack()
    except ValueError as error:
        raise FormUnknown(f"The form {params.id} has no XML that phones could read.") from error
    media = [{"name": each["name"], "md5": each["md5"]} for each in form.body.get("media", ())]
    return {
        "head": head,
        "id": form.id,
        "form_id": form.body["form_id"],
        "xform": b64encode(xform).decode(),
        "media": media,
    }


def get_form_media(records: Records, actor: Actor, params: GetFormMedia) -> dict[str, Any]:
    """`{head, type, size, content}`, in base64, from `start`, at most FILE_PIECE_BYTES_MAX. Raises
    FormUnknown, NotFound, FileNotHere."""
    head = records.head()
    form = _readable_form(records, actor, params.id)
    hashes = [each["sha256"] for each in form.body.get("media", ()) if each["name"] == params.name]
    if not hashes:
        raise NotFound(f"The form has no file {params.name}.", field="name")
    return {"head": head, **piece_of(records.store.library, hashes[0], params.start)}


def _readable_form(records: Records, actor: Actor, form_id: str) -> Record:
    form = records.get([form_id]).get(form_id)
    readable_here = form is not None and form.kind == "form"
    if (
        form is None
        or not readable_here
        or not may(actor, "read", "form", scope_of(form), records.node)
    ):
        raise FormUnknown(field="id")
    return form


def submit_form(
    records: Records, actor: Actor, params: SubmitForm, now: datetime
) -> dict[str, Any]:
    """`{id, form_id, form_version, instance_id, missing, version, head}` of the intake; `missing`
    are files that the answers name and that have not come yet. Sent again it is the same one.

    Raises NotAllowed, BadXml, BadSubmission, FormUnknown, SubmissionConflict, TooManyReports,
    AnswersTooComplex, what preparing a file raises, and BadInput with `errors` by field."""
    require(actor, "submit", "intake", "private", records.node)
    _require_together(len(params.xml), params.attachments, SUBMISSION_BYTES_MAX, "attachments")
    submission = read_submission(params.xml)
    form = _form_of(records, actor, submission)
    report, named = _read_report(form, submission, now)
    report["sent"]["sum"] = hashlib.sha256(params.xml).hexdigest()
    address = None
    if not may(actor, "import", "intake", "private", records.node):
        address = fingerprint(records.node, params.address or "")
        if queries.intake_by_key(records.collection, submission.instance_id) is None:
            # Before files are prepared, which costs more than all the rest.
            hold_to_caps(records, now, address)
    wanted = [each for each in params.attachments if each.name in named]
    files = [_keep(records, each)[1] for each in wanted]
    reporter = {"account": actor.account, "address": address}
    report["reporter"] = {key: value for key, value in reporter.items() if value is not None}

    def submit(changes: Changes) -> dict[str, Any]:
        changes.claim(f"instance {submission.instance_id}")
        fields = {**report, "files": files}
        category = changes.get(report["category"]) if report.get("category") else None
        if category is None:
            # It has been withdrawn since: what comes from the field waits without one.
            fields["category"] = None
        intake = _take(records, changes, actor, submission, fields)
        held = {each.get("name") for each in intake["files"]}
        return {
            "id": intake["id"],
            "form_id": submission.form_id,
            "form_version": submission.version,
            "instance_id": submission.instance_id,
            "missing": [name for name in named if name not in held],
        }

    return records.execute(_command_id(submission, params), actor.account, submit)


def _command_id(submission: Submission, params: SubmitForm) -> str:
    """The same for the same bytes: a phone may send them again for days."""
    sums = hashlib.sha256(params.xml)
    for each in params.attachments:
        sums.update(each.name.encode() + b"\0" + hashlib.sha256(each.content).digest())
    return f"openrosa {sums.hexdigest()}"


def _form_of(records: Records, actor: Actor, submission: Submission) -> Mapping[str, Any]:
    """The document of the form that is answered, in its very version. Raises FormUnknown."""
    scopes = readable_scopes(actor, "form", records.node)
    found = [
        form
        for form in queries.forms(records.collection, scopes, submission.form_id, whole=True)
        if form["body"].get("version", "") == submission.version
    ]
    if not found:
        raise FormUnknown(
            f"There is no form {submission.form_id} of version {submission.version!r} here. Get "
            "the blank forms anew on the phone, or ask for the form to be put back.",
            field="form",
        )
    return min(found, key=lambda form: (form["home"] != records.node, form["home"]))


def _read_report(
    form: Mapping[str, Any], submission: Submission, now: datetime
) -> tuple[dict[str, Any], list[str]]:
    """The fields of an intake, and the names of the files that its answers refer to. Raises
    BadInput."""
    body = form["body"]
    answers = read_answers(body, submission.root)
    checked = check_answers(body, answers, _there(body, answers, now), lambda: sleep(0))
    refuse_problems(checked.problems, "")
    said = report_of(body, checked.answers, submission.instance_name)
    filled_in = filled_in_at(body, answers)
    if filled_in is not None and filled_in <= now + AHEAD_MAX:
        said = {"happened_at": filled_in.isoformat(), **said}
    if "location" in said:
        said["located_by"] = str(LocatedBy.GPS)
    shared = without_personal(body, checked.answers)
    given = {**said, "category": body.get("category"), "form": form["_id"], "answers": shared}
    fields, problems = normalise(given, now)
    refuse_problems(problems, "report")
    sent = {"personal": personal_answers(body, checked.answers)}
    return {**fields, "sent": sent}, files_named(body, checked.answers)


def _there(form: Mapping[str, Any], answers: Mapping[str, Any], now: datetime) -> datetime:
    """When the form was filled in, in the time of that place: as the phone says, if it is not ahead
    of everybody's clock; else the latest day that it is anywhere, which refuses no date wrongly."""
    filled_in = filled_in_at(form, answers)
    if filled_in is not None and filled_in <= now + AHEAD_MAX:
        return filled_in
    return latest_day(now)


def _take(
    records: Records,
    changes: Changes,
    actor: Actor,
    submission: Submission,
    fields: dict[str, Any],
) -> dict[str, Any]:
    """Writes what is new of a submission: `{id, files}` of its intake."""
    found = queries.intake_by_key(records.collection, submission.instance_id)
    before = changes.get(found["_id"]) if found else None
    if before is not None:
        return _add_files(changes, before, submission, fields)
    if submission.deprecated_id:
        found = queries.intake_by_key(records.collection, submission.deprecated_id)
        before = changes.get(found["_id"]) if found else None
        if before is not None and _may_be_replaced(before, actor, submission):
            return _replace(changes, before, submission, fields)
        if before is not None:
            fields = {**fields, "sent": {**fields["sent"], "edits": before.id}}
    made = receive(
        changes,
        fields,
        key=submission.instance_id,
        channel=str(Channel.OPENROSA),
        by=actor.account,
    )
    return {"id": made["id"], "files": fields["files"]}


def _add_files(
    changes: Changes, before: Record, submission: Submission, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """The same submission again, or another part of it."""
    files = before.body.get("files", [])
    if before.body["key"] != submission.instance_id:
        # It has been edited since: what comes late of the old one changes nothing.
        return {"id": before.id, "files": files}
    if before.body.get("sent", {}).get("sum") != fields["sent"]["sum"]:
        raise SubmissionConflict(field="instanceID")
    both = _together(files, fields["files"])
    if both != files:
        changes.put("intake", {**before.body, "files": both}, "private", before.id)
    return {"id": before.id, "files": both}


def _together(held: list[dict[str, Any]], came: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Files by their names; what is held stays as it is."""
    names = {each.get("name") for each in held}
    both = [*held, *(each for each in came if each["name"] not in names)]
    if len(both) > limits.FILES_MAX:
        raise BadInput(f"A report has at most {limits.FILES_MAX} files.", field="attachments")
    return both


def _may_be_replaced(before: Record, actor: Actor, submission: Submission) -> bool:
    """What a moderator has begun with, or somebody else has sent, is not changed under his hands:
    then the edit is a report of its own that names it."""
    return (
        before.body["state"] in UNTOUCHED
        and before.body["key"] == submission.deprecated_id
        and before.body.get("reporter", {}).get("account") == actor.account
    )


def _replace(
    changes: Changes, before: Record, submission: Submission, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """An edit: the same intake with other answers, found by its old key as well."""
    kept = {
        key: before.body[key]
        for key in ("state", "history", "channel", "received_at", "happened_at")
    }
    earlier = [before.body["key"], *before.body.get("sent", {}).get("earlier", [])]
    if len(earlier) > limits.EDITS_MAX:
        raise BadInput(
            f"A submission can be edited {limits.EDITS_MAX} times.", field="deprecatedID"
        )
    files = _together(list(fields["files"]), before.body.get("files", []))
    body = {
        **kept,
        **{key: value for key, value in fields.items() if value is not None},
        "key": submission.instance_id,
        "sent": {**fields["sent"], "earlier": earlier},
        "files": files,
    }
    if body.get("location") and body["state"] == State.RECEIVED:
        body |= stepped(body, State.PLACED, changes.now, None, None)
    changes.put("intake", body, "private", before.id)
    return {"id": before.id, "files": files}
