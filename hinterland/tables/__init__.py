"""Tables that people make: CSV in any encoding, and XLSX, as rows of text.

text.py               which encoding and which delimiter a file has
common_characters.py  by which Chinese text is told from noise
sheets.py             the sheets of a workbook
columns.py            which column is which field, by heading or by a mapping file
files.py              a file as a table with a header
formulas.py           cells that a spreadsheet would run
problems.py           what is wrong with a file, and where
"""
