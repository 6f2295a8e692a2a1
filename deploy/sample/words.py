"""What the invented organisations of the sample are named after and do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BRANDS", "CITIES", "FORMS", "THEMES", "City", "Form", "Theme"]

City = tuple[str, str]  # its Chinese name, and its name at GeoNames
Theme = tuple[str, str, str]  # as part of a name, in English, and what is done
Form = tuple[
    str, str, str, str
]  # as part of a name, in English, code, first digits of an identifier

CITIES: Final[Mapping[str, tuple[City, ...]]] = {
    "CN-YN": (
        ("昆明市", "Kunming"), ("大理市", "Dali"), ("丽江市", "Lijiang"), ("曲靖市", "Qujing"),
        ("保山市", "Baoshan"), ("昭通市", "Zhaotong"), ("玉溪市", "Yuxi"), ("普洱市", "Pu'er"),
        ("临沧市", "Lincang"), ("景洪市", "Jinghong"), ("楚雄市", "Chuxiong"), ("蒙自市", "Mengzi"),
        ("文山市", "Wenshan City"), ("香格里拉市", "Shangri-La"), ("泸水市", "Lushui"),
        ("开远市", "Kaiyuan"), ("个旧市", "Gejiu"), ("安宁市", "Anning"), ("芒市", "Menghuan"),
    ),
    "CN-GS": (
        ("兰州市", "Lanzhou"), ("天水市", "Tianshui"), ("庆阳市", "Qingyang"), ("武威市", "Wuwei"),
        ("张掖市", "Zhangye"), ("平凉市", "Pingliang"), ("酒泉市", "Jiuquan"), ("定西市", "Dingxi"),
        ("白银市", "Baiyin"), ("临夏市", "Linxia Chengguanzhen"), ("嘉峪关市", "Jiayuguan"),
        ("金昌市", "Jinchang"), ("敦煌市", "Dunhuang"), ("陇南市", "Longnan"), ("合作市", "Hezuo"),
    ),
}  # fmt: skip

BRANDS: Final[tuple[tuple[str, str], ...]] = (
    ("山茶", "Camellia"), ("晨曦", "Daybreak"), ("同行", "Companions"),
    ("绿泉", "Green Spring"), ("向阳", "Sunward"), ("萤火", "Firefly"),
    ("石桥", "Stone Bridge"), ("木棉", "Kapok"), ("远帆", "Far Sail"),
    ("青禾", "Young Grain"), ("暖冬", "Warm Winter"), ("麦田", "Wheatfield"),
    ("候鸟", "Migrant Bird"), ("拾光", "Gleaned Light"), ("家园", "Homeland"),
    ("百灵", "Lark"), ("守望", "Lookout"), ("春雨", "Spring Rain"),
    ("驼铃", "Camel Bell"), ("星河", "River of Stars"), ("和风", "Gentle Wind"),
    ("启明", "Morning Star"), ("心桥", "Heart Bridge"), ("长青", "Evergreen"),
    ("雪莲", "Snow Lotus"), ("古榕", "Old Banyan"), ("知更", "Robin"),
    ("润土", "Good Soil"), ("灯塔", "Lighthouse"), ("彩虹", "Rainbow"),
    ("凤凰", "Phoenix"), ("野菊", "Wild Daisy"),
)  # fmt: skip

FORMS: Final[tuple[Form, ...]] = (
    ("服务中心", "Service Centre", "social_service_organisation", "52"),
    ("协会", "Association", "association", "51"),
    ("促进会", "Society", "association", "51"),
    ("发展中心", "Development Centre", "social_service_organisation", "52"),
    ("志愿者联合会", "Volunteers", "association", "51"),
    ("基金会", "Foundation", "foundation", "53"),
)

THEMES: Final[Mapping[str, tuple[Theme, ...]]] = {
    "education": (("乡村助学", "Rural Schooling", "资助乡村学生，培训乡村教师"),),
    "early_childhood": (("早期养育", "Early Childhood", "为山村婴幼儿家庭提供养育指导"),),
    "children": (("儿童关爱", "Child Care", "陪伴留守儿童，开设儿童之家"),),
    "youth": (("青年成长", "Youth", "为青少年提供职业体验和成长营"),),
    "elderly": (("助老", "Older People's", "为独居老人送餐、陪诊和上门探访"),),
    "disability": (("助残", "Disability", "支持残障人士康复、就业与社区融合"),),
    "women": (("妇女发展", "Women's", "培训农村妇女手工与创业，提供反家暴热线"),),
    "lgbtq": (("多元", "Diversity", "为性别多元群体提供同伴支持与咨询"),),
    "health": (("健康促进", "Health", "开展乡村义诊与健康教育"),),
    "mental_health": (("心理援助", "Counselling", "提供心理热线和社区心理服务"),),
    "hiv": (("防艾", "HIV Prevention", "开展艾滋病预防教育与感染者关怀"),),
    "environment": (("环境保护", "Environment", "推动垃圾分类和社区环境教育"),),
    "biodiversity": (("自然保护", "Nature", "监测野生动植物，支持社区保护地"),),
    "climate_energy": (("低碳能源", "Climate", "推广节柴灶与太阳能，开展气候教育"),),
    "water_sanitation": (("饮水安全", "Safe Water", "为村小安装净水设备，监测河流水质"),),
    "animal_welfare": (("动物救助", "Animal", "救助流浪动物，推广责任养宠"),),
    "rural_development": (("乡村发展", "Rural", "支持合作社与乡村社区建设"),),
    "agriculture_food": (("生态农业", "Farming", "推广生态种植与农夫市集"),),
    "poverty": (("济困", "Relief", "帮扶低收入家庭，发放应急物资"),),
    "livelihoods": (("就业支持", "Livelihoods", "提供职业培训和小额生计支持"),),
    "disaster_relief": (("应急救援", "Rescue", "组织救援队，开展防灾减灾培训"),),
    "community": (("社区营造", "Community", "培育社区组织，提供社会工作服务"),),
    "migrants": (("新市民", "Migrant Workers'", "为流动人口家庭提供法律与教育支持"),),
    "ethnic_culture": (("民族文化", "Ethnic Culture", "记录和传承少数民族歌舞与手工艺"),),
    "arts_heritage": (("文化遗产", "Heritage", "保护古村落，开展公共艺术活动"),),
    "sport": (("群众体育", "Sport", "组织乡村足球和社区健身"),),
    "rights_law": (("法律援助", "Legal Aid", "为劳动者和农民提供免费法律咨询"),),
    "volunteering": (("志愿服务", "Volunteering", "招募和培训志愿者，对接社区需要"),),
    "sector_support": (("公益支持", "NGO Support", "为小型公益组织提供培训与财务支持"),),
    "technology": (("数字公益", "Digital", "为公益组织搭建信息系统，教老人用手机"),),
    "faith": (("善缘", "Interfaith", "联合宗教场所开展慈善服务"),),
    "other": (("综合公益", "Public Good", "按社区需要开展各类公益活动"),),
}
