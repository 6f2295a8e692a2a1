"""Reports that are sent and verified by GraphQL, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hinterland.testing import fresh_name
from tests.integration.gateway.running import RunningNode

__all__ = ["KUNMING", "REVIEW", "SUBMIT", "category", "verified"]

SUBMIT = """
mutation($report: ReportInput!, $id: ID, $files: [FileInput!]) {
  submitReport(input: {
    report: $report, files: $files, commandId: $id
    reporter: {name: "匿名", phone: "13800138000"}
  }) { id state head }
}
"""
REVIEW = """
mutation($id: ID!, $version: String!, $state: ReportState) {
  reviewReport(input: {id: $id, version: $version, state: $state}) {
    head
    intake { id version state reportId report { id } history { state by } }
  }
}
"""
CATEGORY = """
mutation($category: CategoryInput!) {
  writeCategory(input: {category: $category}) { head category { id name parentId } }
}
"""
KUNMING = {"lat": 25.0389, "lng": 102.7183}


def category(running: RunningNode, **fields: Any) -> str:
    names = [{"language": "zh", "text": "洪水"}, {"language": "ar", "text": "فيضان"}]
    given = {"names": names, **fields}
    answer = running.ask(CATEGORY, "moderator", category=given)
    assert "errors" not in answer, answer
    return str(answer["data"]["writeCategory"]["category"]["id"])


def verified(running: RunningNode, photos: Sequence[Any] = (), **report: Any) -> tuple[str, str]:
    """The ids of an intake and of the report that it is shared as."""
    sent = {"location": KUNMING, **report}
    answer = running.ask(SUBMIT, report=sent, id=fresh_name(), files=list(photos))
    assert "errors" not in answer, answer
    intake = answer["data"]["submitReport"]["id"]
    queue = running.ask(
        "query($id: ID!) { node(id: $id) { ... on Intake { version } } }", "moderator", id=intake
    )
    version = queue["data"]["node"]["version"]
    answer = running.ask(REVIEW, "moderator", id=intake, version=version, state="VERIFIED")
    assert "errors" not in answer, answer
    return intake, str(answer["data"]["reviewReport"]["intake"]["reportId"])
