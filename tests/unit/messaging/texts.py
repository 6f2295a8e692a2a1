"""Texts as people send them, for Hypothesis: several scripts, and what goes wrong between them."""

from __future__ import annotations

from hypothesis import strategies as st

from services.messaging.rules import gsm

__all__ = ["gsm_texts", "texts"]

_PHRASES = (
    *("Flood in Dali. ", "Ça va à Yaoundé? ", "5 € ^{}\\[~]|\f", "\r\n", "`ç`"),
    *("洪水，大理市下关镇。", "求救", "فيضان في المدينة ", "بِسْمِ اللَّهِ "),
    *("😀", "👩‍👩‍👧‍👦", "🇨🇳", "👍🏽", "e\u0301", "ä\u0323\u0308", "นี้", "한국", "𠮷野家"),
)
# Everything that the default alphabet has, the extension table as often as the rest.
gsm_texts = st.text(
    st.one_of(
        st.sampled_from(sorted(sign for sign, septets in gsm.SEPTETS.items() if len(septets) == 1)),
        st.sampled_from(sorted(sign for sign, septets in gsm.SEPTETS.items() if len(septets) == 2)),
    ),
    max_size=400,
)
_any_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=gsm.ESCAPE), max_size=300
)
_phrases = st.lists(st.sampled_from(_PHRASES), max_size=60).map("".join)
texts = st.one_of(gsm_texts, _any_texts, _phrases)
