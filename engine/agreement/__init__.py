"""The service agreement as arithmetic: clocks, terms, availability, statements.

This package is pure: it knows no database, no event socket and no web.  Instants are whole seconds since
1970-01-01T00:00:00Z (the store's milliseconds divided by 1000, rounded down), spans are half-open ``[start, end)``,
and `now` is always an argument.

intervals    sets of spans                 dates        Jalali, Gregorian, ISO, durations
calendars    hours, holidays, their edits  working_time elapsed and deadline
terms        versions of the agreement     months       Jalali and Gregorian months
calculation  a month's downtime       book         the same for thousands of accounts
documents    records as JSON               statement    CSV; statement_pdf the PDF
"""
