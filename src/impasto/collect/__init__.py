"""The outside world → image records: folders, tables, the sample; decoding bytes → RGB."""
