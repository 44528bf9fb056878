"""The film joins the clips: one file to watch, a contact sheet and a report to look at."""
