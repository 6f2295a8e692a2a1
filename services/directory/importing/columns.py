"""The headings of lists of NGOs.

Targets are the fields of an NGO (`phones`), one key of one (`names.en`, `social.weibo`,
`identifiers.CN-USCI`), and `lat` and `lng`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hinterland.tables.columns import Columns
from services.directory.contract.codes import SOCIAL_PLATFORMS
from services.directory.contract.records import EDITABLE_FIELDS

__all__ = ["COLUMNS", "HEADINGS", "IGNORED", "PERSONAL", "is_target"]

IGNORED: Final = "ignore"
PERSONAL: Final = "personal"  # ignored, because people's data stay out of the directory

# Headings as they are met, in zh, en, ar, vi and id.
HEADINGS: Final[Mapping[str, str]] = {
    "names": (
        "名称 机构名称 组织名称 单位名称 机构 组织 NGO名称 社会组织名称 团体名称 机构全称 全称 "
        "单位 名字 | name | organisation | organization | organisation name | organization name "
        "| ngo | ngo name | title | الاسم | اسم المنظمة | اسم الجمعية | tên | tên tổ chức | nama "
        "| nama organisasi | nama lembaga"
    ),
    "names.zh": "中文名称 中文名 中文全称 | chinese name | name in chinese | name zh | name cn",
    "names.en": (
        "英文名称 英文名 英文 | english name | name in english | name en | الاسم بالإنجليزية | "
        "tên tiếng anh | nama inggris"
    ),
    "names.ar": "阿拉伯文名称 | arabic name | name ar | الاسم بالعربية",
    "names.vi": "越南文名称 | vietnamese name | name vi | tên tiếng việt",
    "names.id": "印尼文名称 | indonesian name | name id",
    "aliases": (
        "别名 简称 曾用名 机构简称 又名 | alias | aliases | short name | abbreviation | acronym "
        "| alternate name | also known as | الاسم المختصر | tên viết tắt | singkatan"
    ),
    "descriptions": (
        "简介 机构简介 介绍 描述 说明 业务范围 宗旨 使命 | description | about | summary | "
        "mission | profile | وصف | الوصف | mô tả | giới thiệu | deskripsi | keterangan"
    ),
    "descriptions.zh": "中文简介 | description zh | chinese description",
    "descriptions.en": "英文简介 | description en | english description",
    "causes": (
        "领域 服务领域 业务领域 公益领域 关注领域 议题 类别 分类 行业 | cause | causes | sector "
        "| sectors | field | focus area | area of work | category | theme | المجال | القطاع | "
        "lĩnh vực | bidang"
    ),
    "region": (
        "省份 省 所在省 所在省份 地区 注册地 省级 行政区 | region | province | state | state "
        "province | المحافظة | المنطقة | tỉnh | tỉnh thành | provinsi"
    ),
    "city": (
        "城市 市 所在市 所在城市 地级市 州市 市州 | city | town | municipality | المدينة | thành "
        "phố | kota | kabupaten"
    ),
    "address": (
        "地址 办公地址 联系地址 详细地址 注册地址 住所 通讯地址 | address | street address | "
        "office address | العنوان | địa chỉ | alamat"
    ),
    "lat": "纬度 北纬 | lat | latitude | خط العرض | vĩ độ | lintang",
    "lng": "经度 东经 | lng | lon | long | longitude | خط الطول | kinh độ | bujur",
    "location": (
        "经纬度 坐标 位置 | coordinates | location | lat lng | gps | الإحداثيات | tọa độ | "
        "koordinat"
    ),
    "founded": (
        "成立时间 成立日期 成立年份 成立年 注册时间 注册日期 登记日期 创办时间 | founded | year "
        "founded | established | year established | founding date | date founded | year "
        "incorporated | سنة التأسيس | تاريخ التأسيس | năm thành lập | ngày thành lập | tahun "
        "berdiri"
    ),
    "legal_form": (
        "法律形式 组织类型 机构类型 登记类型 机构性质 组织形式 社会组织类型 类型 性质 注册类型 | "
        "legal form | legal status | type | organisation type | organization type | الشكل "
        "القانوني | loại hình | bentuk hukum"
    ),
    "identifiers": (
        "证件号 登记证号 注册号 登记号 编号 | identifier | identifiers | registration number | "
        "reg no | registration no | charity number | رقم التسجيل | mã số | số đăng ký | nomor "
        "registrasi"
    ),
    "identifiers.CN-USCI": (
        "统一社会信用代码 社会信用代码 信用代码 统一信用代码 | usci | uscc | unified social "
        "credit identifier | unified social credit code"
    ),
    "identifiers.XI-LEI": " | lei",
    "email": (
        "邮箱 电子邮箱 电子邮件 机构邮箱 联系邮箱 | email | e mail | mail | email address | "
        "البريد الإلكتروني | thư điện tử | surel"
    ),
    "phones": (
        "电话 联系电话 办公电话 座机 固定电话 机构电话 热线 服务热线 | phone | phones | "
        "telephone | tel | phone number | office phone | hotline | الهاتف | رقم الهاتف | điện "
        "thoại | số điện thoại | telepon"
    ),
    "website": (
        "网站 网址 官网 官方网站 机构网站 主页 | website | web site | web | url | homepage | "
        "الموقع الإلكتروني | الموقع | trang web | situs | situs web"
    ),
    "social.weibo": "微博 新浪微博 | weibo",
    "social.wechat": "微信 公众号 微信公众号 微信号 | wechat",
    "social.douyin": "抖音 抖音号 | douyin",
    "social.qq": "QQ QQ群 | qq",
    "social.facebook": "脸书 | facebook | فيسبوك",
    "staff_count": (
        "员工数 员工人数 职工人数 全职人数 全职员工 专职人员 专职人数 工作人员 员工 人数 | staff "
        "| staff count | employees | number of staff | full time staff | عدد الموظفين | số nhân "
        "viên | jumlah staf"
    ),
    "volunteer_count": (
        "志愿者人数 志愿者数 志愿者 义工人数 | volunteers | volunteer count | number of "
        "volunteers | عدد المتطوعين | số tình nguyện viên | jumlah relawan"
    ),
    "languages": "语言 工作语言 服务语言 | language | languages | اللغات | ngôn ngữ | bahasa",
    "services": (
        "服务 服务项目 主要服务 服务内容 项目 主要项目 | service | services | programs | "
        "programmes | projects | الخدمات | dịch vụ | layanan"
    ),
    PERSONAL: (
        "联系人 负责人 法定代表人 法人 法人代表 秘书长 理事长 会长 手机 手机号 手机号码 "
        "联系人电话 联系人手机 负责人电话 身份证 身份证号 联系人邮箱 | contact | contact person "
        "| contact name | director | chair | mobile | mobile phone | cell | contact phone | "
        "contact email | id card | legal representative | المدير | جهة الاتصال | người liên hệ | "
        "di động | kontak | narahubung | hp"
    ),
    IGNORED: (
        "序号 号 备注 | no | number | id | remarks | notes | ملاحظات | stt | ghi chú | catatan"
    ),
}

_KEYED: Final = re.compile(
    r"(names|descriptions|social|identifiers)\.(\*|[A-Za-z]{1,3}[A-Za-z0-9_-]{0,30}|[a-z]{1,20})"
)


def is_target(target: str) -> bool:
    """Whether a mapping may name it."""
    return (
        target in EDITABLE_FIELDS
        or target in ("lat", "lng", IGNORED)
        or _KEYED.fullmatch(target) is not None
    )


_PLATFORMS: Final = {
    f"social.{name}": f"{HEADINGS.get(f'social.{name}', '')} | {name}"
    for name in SOCIAL_PLATFORMS
    if name != "x"
}
COLUMNS: Final = Columns(
    {**HEADINGS, **_PLATFORMS},
    is_target=is_target,
    targets=(*EDITABLE_FIELDS, "lat", "lng", IGNORED, "names.en", "identifiers.CN-USCI"),
    repeatable=("phones", "aliases", "identifiers", "services", IGNORED, PERSONAL),
)
