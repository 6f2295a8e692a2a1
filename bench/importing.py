"""Importing 20,000 untidy rows, against a script that reads the same file into MongoDB as it is.

The file is what offices have: GBK, a title above the header, full-width digits, telephone numbers
in any notation, dates without days, causes in words, faulty cells, and rows that are there twice.
The script does what people write in an afternoon: `csv`, `insert_many`, majority and journaled; it
normalises, checks, signs and indexes nothing.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final

from pymongo import MongoClient, WriteConcern

from bench.ground import ground
from bench.node import directory, make_node
from cli.rpc import Caller

__all__ = ["main"]

ROWS: Final = 20_000
TWICE: Final = 165
GROUP: Final = 500
HEADER: Final = ("序号", "机构名称", "省份", "城市", "服务领域", "成立时间", "联系电话", "网址")
PLACES: Final = ("昆明市", "大理", "曲靖市", "玉溪", "丽江市", "保山市", "昭通", "普洱市", "楚雄")
BEGINNINGS: Final = ("春晖", "长青", "彩云", "山茶", "苍山", "同行", "新芽", "乡音", "向阳", "溪流")
PROVINCES: Final = ("云南", "云南省", "Yunnan", "CN-YN")
FIELDS: Final = ("教育、环境", "养老;助残", "儿童", "Health", "社区发展/志愿服务", "扶贫", "其他的")
PHONES: Final = ("0871-6{:07}", "(0871) 6{:07}", "+86 871 6{:07}", "０８７１６{:07}", "无")
DATES: Final = ("2009年5月", "2011/3/1", "2015-07", "二〇一二年", "2019.6.18", "", "不详")
SITES: Final = ("", "www.example.org", "http://example.org/甲", "没有")


def main() -> None:
    with ground() as servers:
        settings = make_node(servers)
        path = servers.folder / "untidy.csv"
        write_untidy(path)
        plain = as_it_is(servers.mongo_uri, path)
        with (
            closing(Caller(settings.amqp_uri, settings.dir)) as caller,
            directory(settings, caller),
        ):
            began = monotonic()
            outcome = import_file(settings.dir, path)
            ours = monotonic() - began
    sys.stdout.write(
        f"  {ROWS:,} untidy rows imported in {ours:.1f} s, {ROWS / ours:,.0f} rows/s\n"
        f"  {json.dumps(outcome, ensure_ascii=False)}\n"
        f"  csv and insert_many: {plain:.1f} s; ours / plain {ours / plain:.1f}\n"
    )


def write_untidy(path: Path) -> None:
    with path.open("w", encoding="gbk", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["云南省社会组织名录（2019年度）"])
        writer.writerow([])
        writer.writerow(HEADER)
        for number in range(ROWS):
            # The last ones are among the first, once more.
            same = number % (ROWS - TWICE)
            own = Random(same)
            phone = own.choice(PHONES).format(own.randrange(10**7))
            writer.writerow(
                [
                    number + 1,
                    f" {own.choice(BEGINNINGS)}{own.choice(BEGINNINGS)}第{same}服务中心",
                    own.choice(PROVINCES),
                    own.choice(PLACES),
                    own.choice(FIELDS),
                    own.choice(DATES),
                    phone,
                    own.choice(SITES),
                ]
            )


def as_it_is(mongo_uri: str, path: Path) -> float:
    """Seconds that the script takes."""
    began = monotonic()
    with MongoClient[dict[str, Any]](mongo_uri) as client, path.open(encoding="gbk") as file:
        collection = client["plain"].get_collection(
            "rows", write_concern=WriteConcern("majority", j=True)
        )
        group: list[dict[str, Any]] = []
        next(file), next(file)
        for row in csv.DictReader(file, delimiter=";"):
            group.append(dict(row))
            if len(group) == GROUP:
                collection.insert_many(group)
                group = []
        if group:
            collection.insert_many(group)
    return monotonic() - began


def import_file(folder: Path, path: Path) -> Any:
    """As an operator does it; rows are refused, so the exit code is 3."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--dir", str(folder), "import", "ngos", str(path), "--json"],
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 3):
        raise RuntimeError(done.stderr.decode())
    told = json.loads(done.stdout)
    return {key: value for key, value in told.items() if isinstance(value, int)}


if __name__ == "__main__":
    main()
