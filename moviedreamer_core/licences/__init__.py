"""What the owners of models allow: a table that was read from public pages, with source and day of each line.

models.json is the table, for whoever changes it: no line without a source; what was not read says "unknown".
"""

from .table import Licence, licence, licences, licences_of, unknown_files

__all__ = ["Licence", "licence", "licences", "licences_of", "unknown_files"]
