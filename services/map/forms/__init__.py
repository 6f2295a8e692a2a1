"""Forms as files: XLSForm in, XForm out, submissions in. Values alone; no server, no database.

xml.py         XML from strangers, within limits
xlsform.py     a workbook to an XForm, by pyxform; what of it is not understood
xform.py       an XForm to the fields of a form
languages.py   the names that XLSForm gives to languages, as BCP 47
submissions.py the XML that a phone sends, to answers
process.py     reading a form in a process of its own, so that no service stands still

Nothing is re-exported here: a service must not load pyxform.
"""
