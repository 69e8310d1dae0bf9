"""Papers in PDF: tagged for screen readers (PDF/UA-1), in French, made of data alone, the same each time."""

from app.documents.engine import Document, Unprintable, compile_pdf, make

__all__ = ["Document", "Unprintable", "compile_pdf", "make"]
