"""How reports are written: one file for each format, none of which does I/O.

- `geojson`: RFC 7946
- `csv`: with a row of HXL tags, hxlstandard.org
- `atom`: RFC 4287, with GeoRSS-Simple
"""
