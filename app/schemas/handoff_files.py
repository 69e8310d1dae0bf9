"""The columns of `payload.csv`, the handoff for a lender that takes files."""

# RFC 4180, UTF-8: one line for each value of the payload. `section` is the part of the payload that it stands in
# (empty: the payload itself), `number` its place among several of the kind (1 and on, empty: the only one).
COLUMNS = ("handoff_id", "payload_sha256", "section", "number", "field", "value")
