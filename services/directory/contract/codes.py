"""The directory's code lists: what a caller may write, and how a person reads it.

A replica also takes codes that it does not know: a newer node may have more of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = [
    "CAUSES",
    "IDENTIFIER_SCHEMES",
    "LABEL_LANGUAGES",
    "LEGAL_FORMS",
    "SOCIAL_PLATFORMS",
    "OrderBy",
    "SuggestionState",
    "SummaryKey",
    "VerificationState",
]

LABEL_LANGUAGES: Final = ("zh", "en", "ar", "vi", "id")


def _labels(*texts: str) -> Mapping[str, str]:
    return dict(zip(LABEL_LANGUAGES, texts, strict=True))


# The field's own headings: the activity groups of the UN's satellite account classification of
# non-profits (ICNPO), split where Chinese, South-East Asian and Arab directories split them.
CAUSES: Final[Mapping[str, Mapping[str, str]]] = {
    "education": _labels("教育助学", "Education", "التعليم", "Giáo dục", "Pendidikan"),
    "early_childhood": _labels(
        "婴幼儿发展", "Early childhood", "الطفولة المبكرة", "Phát triển trẻ thơ", "Anak usia dini"
    ),
    "children": _labels(
        "儿童保护", "Child protection", "حماية الطفل", "Bảo vệ trẻ em", "Perlindungan anak"
    ),
    "youth": _labels("青少年发展", "Youth", "الشباب", "Thanh niên", "Pemuda"),
    "elderly": _labels("养老助老", "Older people", "كبار السن", "Người cao tuổi", "Lansia"),
    "disability": _labels("助残", "Disability", "ذوو الإعاقة", "Người khuyết tật", "Disabilitas"),
    "women": _labels("妇女发展", "Women and girls", "المرأة", "Phụ nữ", "Perempuan"),
    "lgbtq": _labels(
        "性别多元", "Gender diversity", "التنوع الجندري", "Đa dạng giới", "Keberagaman gender"
    ),
    "health": _labels("医疗健康", "Health", "الصحة", "Y tế", "Kesehatan"),
    "mental_health": _labels(
        "心理健康", "Mental health", "الصحة النفسية", "Sức khỏe tâm thần", "Kesehatan jiwa"
    ),
    "hiv": _labels("艾滋病防治", "HIV and AIDS", "الإيدز", "HIV/AIDS", "HIV/AIDS"),
    "environment": _labels("环境保护", "Environment", "البيئة", "Môi trường", "Lingkungan hidup"),
    "biodiversity": _labels(
        "生物多样性", "Biodiversity", "التنوع الحيوي", "Đa dạng sinh học", "Keanekaragaman hayati"
    ),
    "climate_energy": _labels(
        "气候与能源",
        "Climate and energy",
        "المناخ والطاقة",
        "Khí hậu và năng lượng",
        "Iklim dan energi",
    ),
    "water_sanitation": _labels(
        "饮水与卫生",
        "Water and sanitation",
        "المياه والصرف الصحي",
        "Nước sạch và vệ sinh",
        "Air bersih dan sanitasi",
    ),
    "animal_welfare": _labels(
        "动物保护", "Animal welfare", "الرفق بالحيوان", "Phúc lợi động vật", "Kesejahteraan hewan"
    ),
    "rural_development": _labels(
        "乡村发展",
        "Rural development",
        "التنمية الريفية",
        "Phát triển nông thôn",
        "Pembangunan desa",
    ),
    "agriculture_food": _labels(
        "农业与食物",
        "Agriculture and food",
        "الزراعة والغذاء",
        "Nông nghiệp và lương thực",
        "Pertanian dan pangan",
    ),
    "poverty": _labels(
        "扶贫济困", "Poverty relief", "مكافحة الفقر", "Giảm nghèo", "Pengentasan kemiskinan"
    ),
    "livelihoods": _labels(
        "生计与就业",
        "Livelihoods and jobs",
        "سبل العيش",
        "Sinh kế và việc làm",
        "Mata pencaharian",
    ),
    "disaster_relief": _labels(
        "救灾减灾",
        "Disaster relief",
        "الإغاثة من الكوارث",
        "Cứu trợ thiên tai",
        "Penanggulangan bencana",
    ),
    "community": _labels(
        "社区发展",
        "Community development",
        "تنمية المجتمع",
        "Phát triển cộng đồng",
        "Pengembangan masyarakat",
    ),
    "migrants": _labels(
        "流动人口与难民",
        "Migrants and refugees",
        "المهاجرون واللاجئون",
        "Người di cư và tị nạn",
        "Migran dan pengungsi",
    ),
    "ethnic_culture": _labels(
        "民族文化", "Ethnic cultures", "الثقافات العرقية", "Văn hóa dân tộc", "Budaya etnis"
    ),
    "arts_heritage": _labels(
        "文化艺术与遗产",
        "Arts and heritage",
        "الفنون والتراث",
        "Nghệ thuật và di sản",
        "Seni dan warisan budaya",
    ),
    "sport": _labels("体育", "Sport", "الرياضة", "Thể thao", "Olahraga"),
    "rights_law": _labels(
        "权利与法律援助",
        "Rights and legal aid",
        "الحقوق والمساعدة القانونية",
        "Quyền và trợ giúp pháp lý",
        "Hak dan bantuan hukum",
    ),
    "volunteering": _labels(
        "志愿服务", "Volunteering", "العمل التطوعي", "Tình nguyện", "Kerelawanan"
    ),
    "sector_support": _labels(
        "公益行业支持", "Support for NGOs", "دعم المنظمات", "Hỗ trợ các tổ chức", "Dukungan LSM"
    ),
    "technology": _labels("信息技术", "Technology", "التكنولوجيا", "Công nghệ", "Teknologi"),
    "faith": _labels(
        "宗教与信仰", "Faith-based work", "العمل الديني", "Hoạt động tôn giáo", "Keagamaan"
    ),
    "other": _labels("其他", "Other", "أخرى", "Khác", "Lainnya"),
}

# The first three are what China's civil affairs offices register (as letters 51, 52 and 53 of the
# unified social credit code say, GB 32100-2015); the rest is how other groups exist in practice.
LEGAL_FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "association": _labels("社会团体", "Association", "جمعية", "Hội", "Perkumpulan"),
    "social_service_organisation": _labels(
        "社会服务机构(民办非企业单位)",
        "Social service organisation",
        "مؤسسة خدمات اجتماعية",
        "Tổ chức dịch vụ xã hội",
        "Lembaga layanan sosial",
    ),
    "foundation": _labels("基金会", "Foundation", "مؤسسة", "Quỹ", "Yayasan"),
    "company": _labels("企业", "Company", "شركة", "Công ty", "Perusahaan"),
    "cooperative": _labels("合作社", "Co-operative", "تعاونية", "Hợp tác xã", "Koperasi"),
    "public_institution": _labels(
        "事业单位", "Public institution", "هيئة عامة", "Đơn vị sự nghiệp", "Lembaga publik"
    ),
    "representative_office": _labels(
        "境外非政府组织代表机构",
        "Representative office",
        "مكتب تمثيلي",
        "Văn phòng đại diện",
        "Kantor perwakilan",
    ),
    "religious": _labels(
        "宗教活动场所", "Religious body", "هيئة دينية", "Tổ chức tôn giáo", "Badan keagamaan"
    ),
    "unregistered": _labels(
        "未登记团体",
        "Unregistered group",
        "مجموعة غير مسجلة",
        "Nhóm chưa đăng ký",
        "Kelompok tidak terdaftar",
    ),
    "other": _labels("其他", "Other", "أخرى", "Khác", "Lainnya"),
}

# Prefixes of org-id.guide; any other prefix of its form (`GB-CHC`) is taken as it is.
IDENTIFIER_SCHEMES: Final[Mapping[str, str]] = {
    "CN-USCI": "统一社会信用代码 Unified Social Credit Identifier",
    "XI-LEI": "Global Legal Entity Identifier",
    "XI-ROR": "Research Organization Registry",
}

SOCIAL_PLATFORMS: Final = (
    "weibo", "wechat", "qq", "douyin", "kuaishou", "bilibili", "xiaohongshu", "zhihu",
    "zalo", "line", "whatsapp", "telegram", "facebook", "instagram", "x", "mastodon",
    "linkedin", "youtube", "tiktok",
)  # fmt: skip


class VerificationState(StrEnum):
    """How far the home vouches for an NGO's existence; `rules.VERIFICATION` says what follows."""

    UNVERIFIED = "unverified"
    IN_REVIEW = "in_review"
    VERIFIED = "verified"
    REFUSED = "refused"


class SuggestionState(StrEnum):
    """Computed from the suggestion, the NGO and the home's decision; stored nowhere."""

    OPEN = "open"
    CONFLICT = "conflict"  # open, but a field that it names has changed since it was seen
    ACCEPTED = "accepted"
    REFUSED = "refused"
    VOID = "void"  # undecided, and the NGO has been withdrawn


class OrderBy(StrEnum):
    RELEVANCE = "relevance"  # needs `search`
    NAME = "name"  # pinyin for Chinese names, letters for others
    DISTANCE = "distance"  # needs `near`, nearest first
    UPDATED = "updated"  # by arrival at this node, latest first


class SummaryKey(StrEnum):
    REGION = "REGION"
    CAUSE = "CAUSE"  # an NGO with three causes counts in three groups
    HOME = "HOME"
    VERIFICATION = "VERIFICATION"
    FOUNDED_YEAR = "FOUNDED_YEAR"
