"""The headings of lists of reports. Targets are the fields of a report, and `lat` and `lng`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hinterland.tables.columns import Columns

__all__ = ["COLUMNS", "HEADINGS", "IGNORED"]

IGNORED: Final = "ignore"

# Headings as they are met, in zh, en, ar, vi and id.
HEADINGS: Final[Mapping[str, str]] = {
    "title": (
        "标题 名称 主题 事件 | title | incident title | subject | name | العنوان | tiêu đề | judul"
    ),
    "text": (
        "内容 描述 说明 详情 经过 情况 | text | description | details | report | message | body "
        "| الوصف | التفاصيل | mô tả | nội dung | deskripsi | keterangan | isi"
    ),
    "category": (
        "类别 分类 类型 事件类型 | category | type | incident type | kind | الفئة | النوع | "
        "loại | phân loại | kategori | jenis"
    ),
    "language": "语言 语种 | language | lang | اللغة | ngôn ngữ | bahasa",
    "lat": "纬度 | latitude | lat | y | خط العرض | vĩ độ | lintang",
    "lng": "经度 | longitude | lng | lon | long | x | خط الطول | kinh độ | bujur",
    "place_name": (
        "地点 位置 地名 地址 事发地点 | location | place | place name | address | location name "
        "| المكان | الموقع | địa điểm | địa chỉ | lokasi | tempat | alamat"
    ),
    "region": (
        "省份 省 地区 行政区 | region | province | state | المحافظة | المنطقة | tỉnh | provinsi"
    ),
    "happened_at": (
        "时间 日期 发生时间 事发时间 | date | time | incident date | happened | happened at "
        "| datetime | timestamp | التاريخ | الوقت | ngày | thời gian | tanggal | waktu"
    ),
    "accuracy_m": "精度 误差 | accuracy | accuracy m | precision | الدقة | độ chính xác | akurasi",
    IGNORED: "序号 编号 | no | number | # | id | incident id | stt | nomor",
}

COLUMNS: Final = Columns(
    HEADINGS,
    is_target=lambda target: target in HEADINGS,
    targets=tuple(HEADINGS),
    repeatable=(IGNORED,),
)
