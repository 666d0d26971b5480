"""What Prometheus may ask: counts and times, never a person."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 15)
WEBHOOKS = Counter("hearth_webhooks_total", "Webhook calls by channel and answer", ["channel", "result"])
WEBHOOK_SECONDS = Histogram("hearth_webhook_seconds", "Time to answer a webhook", ["channel"], buckets=_BUCKETS)
TURNS = Counter("hearth_turns_total", "Handled messages by channel and outcome", ["channel", "outcome"])
TURN_SECONDS = Histogram("hearth_turn_seconds", "Time of one turn, claim to commit", buckets=_BUCKETS)
SENDS = Counter("hearth_sends_total", "Attempts to send by channel and outcome", ["channel", "outcome"])
REPLY_SECONDS = Histogram("hearth_reply_seconds", "From a reply's commit to the provider taking it", ["channel"], buckets=_BUCKETS)
INBOX_WAITING = Gauge("hearth_inbox_waiting", "Messages not yet handled")
OUTBOX_WAITING = Gauge("hearth_outbox_waiting", "Parts not yet sent")
OLDEST_WAITING = Gauge("hearth_oldest_waiting_seconds", "Age of the oldest message not yet handled")
SPOOL_BYTES = Gauge("hearth_spool_bytes", "Bytes in the spool")
TICKETS_OPEN = Gauge("hearth_tickets_open", "Open tickets by urgency", ["urgency"])
