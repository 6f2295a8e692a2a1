"""Words that are places' names as well: by themselves they do not say where a report is from."""

from __future__ import annotations

from typing import Final

from services.map.gazetteer.keys import key_of

__all__ = ["COMMON_WORDS"]

# Of everyday and of emergencies, by language. With 县, 区 or Kota they are names again.
_WORDS: Final = {
    "zh": "平安 和平 光明 东方 安宁 合作 团结 民主 文化 太平 永安 解放 胜利 中心 公园 建设 "
    "新华 安全 大学 城关 城区 新区 郊区 矿区 大水 大火 红旗 友谊 安定 方正 中学 小学 路口 "
    "桥头 新村 和谐 幸福 希望 前进 东风 青年 道路 学校 医院 市场 广场 铁路 大桥 大坝 水库 "
    "洪水 车站 火车站 东门 西门 南门 北门 东山 南山 北山 大山 小河 大河 河边 村子 山上",
    "id": "pasar desa kota kampung dusun jalan rumah banjir sungai tolong masjid sekolah jembatan "
    "timur barat selatan utara tengah baru lama besar kecil tanah batu gunung bukit pulau pantai "
    "sawah",
    "vi": "thương chợ sông núi cầu đường trường nhà nước làng xã thôn bệnh viện",
    "en": "the fire flood help water river bridge market school road center centre north south "
    "east west city village hospital church mosque station",
    "ar": "مدينة جامعة سوق جديد جديدة كبير كبيرة قرية بلد شارع جسر نهر مدرسة مستشفى حي وسط ميدان",
    "ru": "город село посёлок мост вода школа пожар помощь река дорога центр больница",
    "kk": "су көмек өрт қала ауыл көпір мектеп",
}
COMMON_WORDS: Final = frozenset(key_of(word) for words in _WORDS.values() for word in words.split())
