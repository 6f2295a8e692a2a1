"""What messaging decides, without I/O, clock or chance.

gsm.py         the alphabet of GSM 03.38
segments.py    how a text becomes the parts of an SMS
states.py      which state of a message may follow which
"""
