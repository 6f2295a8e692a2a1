"""Words in cells: what people write for causes, legal forms, regions and languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Final

from hinterland import search
from services.directory.contract.codes import CAUSES, LEGAL_FORMS
from services.directory.contract.regions import COUNTRIES, PROVINCES_CN

__all__ = ["cause_of", "language_of", "legal_form_of", "region_and_rest"]

# Chinese words between spaces, then words and phrases of other languages between bars.
CAUSE_WORDS: Final[Mapping[str, str]] = {
    "education": (
        "教育 助学 支教 教育支持 奖学助学 阅读推广 | schools | scholarships | learning | literacy"
    ),
    "early_childhood": "婴幼儿 学前教育 早期教育 幼教 | preschool | kindergarten | early years",
    "children": "儿童 留守儿童 困境儿童 孤儿 少儿 | child | children | orphans | child welfare",
    "youth": "青少年 青年 | young people | youth development",
    "elderly": (
        "养老 老人 老年人 为老服务 助老 老龄 | elderly | ageing | aging | seniors | elderly care"
    ),
    "disability": "残障 残疾人 助残服务 自闭症 特殊教育 | disabled | disabilities | special needs",
    "women": "妇女 女性 性别平等 反家暴 | gender | women | girls | women's rights",
    "lgbtq": "性少数 | lgbt | lgbtq+ | lgbtqi",
    "health": (
        "医疗 健康 卫生 大病救助 公共卫生 | medical | healthcare | public health | health care"
    ),
    "mental_health": (
        "心理 心理咨询 心理援助 精神健康 | counselling | counseling | psychological support"
    ),
    "hiv": "艾滋病 艾滋 防艾 | hiv | aids",
    "environment": (
        "环保 环境 生态 生态保护 污染防治 垃圾分类 绿色 | ecology | conservation | nature"
    ),
    "biodiversity": "自然保护 野生动物保护 物种保护 森林 湿地 | wildlife | forests | species",
    "climate_energy": "气候 气候变化 能源 低碳 | climate | climate change | energy",
    "water_sanitation": "饮水 饮用水 水资源 河流 安全饮水 | water | wash | sanitation | rivers",
    "animal_welfare": "动物福利 流浪动物 动物 | animals",
    "rural_development": "乡村 乡村振兴 农村发展 农村 新农村 | rural | rural revitalisation",
    "agriculture_food": (
        "农业 有机农业 粮食安全 三农 | agriculture | food | farming | food security"
    ),
    "poverty": "扶贫 济困 慈善救助 助困 帮困 | poverty | poverty alleviation | charity | relief",
    "livelihoods": (
        "就业 生计 创业 职业培训 | employment | jobs | vocational training | microfinance"
    ),
    "disaster_relief": (
        "救灾 防灾减灾 应急救援 救援 灾害 | disaster | emergency | rescue | humanitarian"
    ),
    "community": "社区 社区服务 社区治理 社会工作 社工 社会服务 | social work | housing",
    "migrants": "流动人口 农民工 外来务工 难民 工友 | migrant workers | refugees | migration",
    "ethnic_culture": "少数民族 民族 非遗 民族文化传承 | indigenous peoples | ethnic minorities",
    "arts_heritage": "文化 艺术 文化遗产 文物保护 文化传承 | arts | culture | heritage | museums",
    "sport": "体育健身 运动 | sports | recreation",
    "rights_law": (
        "法律援助 维权 权利 劳工 法律 | law | legal aid | human rights | labour | advocacy"
    ),
    "volunteering": "志愿 志愿者 义工 志愿者服务 | volunteers | volunteer service",
    "sector_support": (
        "行业支持 支持型 能力建设 公益支持 孵化 枢纽型 | capacity building | incubator"
    ),
    "technology": "科技 信息化 互联网 科技公益 | it | digital | ict | science",
    "faith": "宗教 信仰 | religion | religious | church | mosque | temple",
    "other": "综合 其它 | misc | miscellaneous | general",
}

LEGAL_FORM_WORDS: Final[Mapping[str, str]] = {
    "association": "社团 协会 学会 联合会 | society | membership association",
    "social_service_organisation": (
        "社会服务机构 民办非企业单位 民办非企业 民非 社工机构 | non profit | ngo"
    ),
    "foundation": "公募基金会 非公募基金会 慈善基金会 | fund | trust",
    "company": "公司 工商注册 有限公司 社会企业 工商 | business | social enterprise",
    "cooperative": "农民专业合作社 专业合作社 | coop",
    "public_institution": "事业法人 | government",
    "representative_office": "境外非政府组织 境外ngo 代表处 代表机构 | international ngo | ingo",
    "religious": "宗教团体 | church | temple | mosque",
    "unregistered": "未注册 未登记 草根 草根组织 志愿团队 | informal | not registered | none",
}

LANGUAGE_WORDS: Final[Mapping[str, str]] = {
    "zh": "中文 汉语 普通话 国语 华语 | chinese | mandarin | putonghua",
    "yue": "粤语 广东话 | cantonese",
    "en": "英语 英文 | english",
    "bo": "藏语 藏文 | tibetan",
    "ug": "维吾尔语 维语 | uyghur",
    "mn": "蒙古语 蒙语 | mongolian",
    "ii": "彝语 | yi | nuosu",
    "tdd": "傣语 | dai",
    "lis": "傈僳语 | lisu",
    "bca": "白语 | bai",
    "hni": "哈尼语 | hani",
    "nxq": "纳西语 | naxi",
    "kac": "景颇语 | jingpo | kachin",
    "lhu": "拉祜语 | lahu",
    "sce": "东乡语 | dongxiang",
    "hmn": "苗语 | miao | hmong",
    "za": "壮语 | zhuang",
    "ar": "阿拉伯语 | arabic | العربية",
    "vi": "越南语 | vietnamese | tiếng việt",
    "my": "缅甸语 缅语 | burmese",
    "lo": "老挝语 | lao",
    "th": "泰语 | thai",
    "id": "印尼语 | indonesian | bahasa indonesia",
    "fr": "法语 | french",
    "de": "德语 | german",
    "ja": "日语 | japanese",
    "ko": "韩语 朝鲜语 | korean",
}

PLACES_KEPT_MAX: Final = 4_096  # texts whose region is remembered

_CLASS_ENDING: Final = re.compile("(类|类别|领域|方面|工作|服务|事业|项目)$")
_REGION_ENDING: Final = re.compile("(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)$")


def _key(text: str) -> str:
    return search.fold(text).replace(" ", "")


def _inverted(
    labels: Mapping[str, Mapping[str, str]], words: Mapping[str, str]
) -> Mapping[str, str]:
    """From every label, code and word, folded, to its code; labels come before words."""
    codes: dict[str, str] = {}
    for code, by_language in labels.items():
        for text in (code, *by_language.values()):
            codes.setdefault(_key(text), code)
    for code, line in words.items():
        chinese, *phrases = line.split("|")
        for text in (*chinese.split(), *phrases):
            codes.setdefault(_key(text), code)
    return codes


@cache
def _causes() -> Mapping[str, str]:
    return _inverted(CAUSES, CAUSE_WORDS)


@cache
def _legal_forms() -> Mapping[str, str]:
    return _inverted(LEGAL_FORMS, LEGAL_FORM_WORDS)


@cache
def _languages() -> Mapping[str, str]:
    return _inverted({code: {} for code in LANGUAGE_WORDS}, LANGUAGE_WORDS)


@cache
def _regions() -> Mapping[str, str]:
    """Folded names of China's provinces, and of countries, with and without 省 and its like."""
    names: dict[str, str] = {}
    for code, labels in (*PROVINCES_CN.items(), *COUNTRIES.items()):
        for text in (code, labels["zh"], _REGION_ENDING.sub("", labels["zh"]), labels["en"]):
            names.setdefault(_key(text), code)
    return names


def _look_up(codes: Mapping[str, str], word: str) -> str | None:
    key = _key(word)
    return codes.get(key) or codes.get(_CLASS_ENDING.sub("", key))


def cause_of(word: str) -> str | None:
    """The cause that a word means; None if it is not known."""
    return _look_up(_causes(), word)


def legal_form_of(word: str) -> str | None:
    return _look_up(_legal_forms(), word)


def language_of(word: str) -> str | None:
    return _languages().get(_key(word))


@lru_cache(maxsize=PLACES_KEPT_MAX)
def region_and_rest(text: str) -> tuple[str | None, str]:
    """The region that a text names or begins with, and what follows it: 云南省昆明市 is CN-YN and
    昆明市. The municipalities are their own city."""
    key = _key(text)
    exact = _regions().get(key)
    if exact is not None:
        return exact, ""
    for length in _lengths(len(key)):
        code = _regions().get(key[:length])
        if code is not None and not key[:length].isascii():
            bare = text.strip()
            # Folding keeps the number of Chinese characters; spaces between them are not counted.
            dropped = 0
            while dropped < len(bare) and len(_key(bare[:dropped])) < length:
                dropped += 1
            return code, bare[dropped:].strip(" ,，、·-")
    return None, text.strip()


def _lengths(longest: int) -> Iterable[int]:
    return range(min(longest, max(map(len, _regions()))), 1, -1)
