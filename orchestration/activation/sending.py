"""Sending the batches of a frozen plan: claim, send, record; again, halved or stopped, as the destination answers."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from orchestration.activation.attempts import Sending, Tries, asked, too_large
from orchestration.activation.connections import Connection
from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    Destination,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    SendError,
    TryLaterError,
    UnsureError,
)
from orchestration.activation.ledger.batches import BatchEntry, Batches
from orchestration.activation.messages import Gate
from orchestration.activation.pace import Pace
from orchestration.activation.syncs import Sync
from orchestration.progress import report

# A batch whose answer is lost again and again is left for the next run.
_MOST_UNSURE = 5
_FIRST_POLL, _LONGEST_POLL = 0.2, 30.0


class Sender:
    """Sends the open batches of one run to one destination."""

    def __init__(
        self,
        sync: Sync,
        connection: Connection,
        destination: Destination,
        batches: Batches,
        gate: Gate,
        pace: Pace,
        *,
        total: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sync = sync
        self._connection = connection
        self._destination = destination
        self._batches = batches
        self._gate = gate
        self._pace = pace
        self._total = total
        self._sleep = sleep
        self._is_side_effect = destination.delivery_class == DeliveryClass.SIDE_EFFECT
        self._queue: deque[BatchEntry] = deque()
        self._sending = Sending()

    def send_all(self) -> Sending:
        """Send what is open, some batches at once; what a crash left claimed first, by what sending it twice means."""
        for entry in self._batches.open():
            if entry.state == "claimed" and self._is_side_effect:
                self._after_a_crash(entry)
            elif entry.state in ("claimed", "planned"):
                self._queue.append(entry)
        if not self._queue or not self._prepares():
            self._await_jobs()
            return self._sending
        workers = min(self._connection.concurrency, max(len(self._queue), 1))
        with ThreadPoolExecutor(workers) as pool:
            for finished in [pool.submit(self._work) for _ in range(workers)]:
                finished.result()
        self._await_jobs()
        return self._sending

    def _prepares(self) -> bool:
        """Have what is missing at the destination made; False where that fails, and nothing is to be sent."""
        try:
            self._destination.prepare()
        except SendError as error:
            self._sending.stop(str(error))
        except Exception as error:
            # What it says may hold values of rows.
            self._sending.stop(f"The destination's module failed to prepare, with {type(error).__name__}")
        return not self._sending.stopped

    def _work(self) -> None:
        while not self._sending.stopped:
            try:
                entry = self._queue.popleft()
            except IndexError:
                return
            try:
                self._deliver(entry)
            except BaseException as error:
                self._sending.stop(f"{type(error).__name__}")
                raise

    def _deliver(self, entry: BatchEntry) -> None:
        rows = self._sift(entry)
        tries = Tries()
        while rows and not self._sending.stopped:
            if not self._pace.wait(self._patience() - tries.waited):
                self._sending.stop(f"{self._sync.connection} asks to wait longer than a run may")
                return
            entry = self._batches.claim(entry)
            try:
                answer = self._send(entry, rows)
            except SendError as error:
                rows = self._after(error, entry, rows, tries)
            else:
                self._take(entry, answer)
                return

    def _after(self, error: SendError, entry: BatchEntry, rows: list[Row], tries: Tries) -> list[Row]:
        """What is still to be sent of a batch that got no answer per row."""
        if isinstance(error, BatchRefusedError):
            self._refused(entry, rows, error)
            return []
        if isinstance(error, UnsureError):
            if self._is_side_effect:
                self._in_doubt(entry, rows, str(error))
                return []
            tries.unsure += 1
            if tries.unsure >= _MOST_UNSURE or not self._pauses(tries, None):
                self._sending.stop(f"{error}; it is sent again by the next run")
            return rows
        self._batches.unclaim(entry, error.status_code, str(error))
        self._gate.take_back(rows)
        if isinstance(error, TryLaterError) and self._pauses(tries, error.after):
            # What was taken back is asked for again: permission and caps may have changed meanwhile.
            return self._sift(entry) if self._is_side_effect else rows
        self._sending.stop(str(error))
        return []

    def _pauses(self, tries: Tries, asked: float | None) -> bool:
        """Close the connection for a while; False beyond patience."""
        pause = tries.next_pause(asked, self._patience())
        if pause is None:
            return False
        self._pace.close_for(pause)
        return True

    def _send(self, entry: BatchEntry, rows: Sequence[Row]) -> Answer:
        key = rows[0].idempotency_key if len(rows) == 1 else entry.idempotency_key
        batch = Batch(self._sync.name, self._sync.object, key, rows, entry.attempt)
        return asked(lambda: self._destination.send(batch), rows)

    def _take(self, entry: BatchEntry, answer: Answer) -> None:
        if isinstance(answer, Accepted):
            self._batches.accept(entry, answer.job_id, answer.status_code)
        else:
            self._record(entry, answer.rows, answer.status_code)

    def _record(self, entry: BatchEntry | None, answers: Sequence[RowAnswer], status_code: int | None = None) -> None:
        self._batches.record(entry, answers, status_code)
        self._sending.add(len(answers))
        report("deliver", self._sending.done, self._total, self._sync.name)

    def _sift(self, entry: BatchEntry) -> list[Row]:
        """The rows to send; those that can't be, or may not be now, get their outcome."""
        kept, ended = [], []
        limit = self._destination.limits.max_row_bytes
        for row in self._batches.rows(entry):
            problem = self._destination.problems(row) or too_large(row, limit)
            if problem and row.operation != Operation.REMOVE:
                ended.append(RowAnswer(row.seq, "invalid", "invalid", problem))
            elif answer := self._gate.judge(row):
                ended.append(answer)
            else:
                kept.append(row)
        if ended or not kept:
            self._record(None if kept else entry, ended)
        return kept

    def _refused(self, entry: BatchEntry, rows: Sequence[Row], error: BatchRefusedError) -> None:
        if len(rows) == 1:
            code = str(error.status_code) if error.status_code else None
            self._record(entry, [RowAnswer(rows[0].seq, "rejected", code, str(error))], error.status_code)
            return
        halves = self._batches.split(entry, [row.seq for row in rows], error.status_code, str(error))
        self._queue.extendleft(reversed(halves))

    def _after_a_crash(self, entry: BatchEntry) -> None:
        rows = self._batches.rows(entry)
        if rows:
            self._in_doubt(entry, rows, "The run ended while it was being sent")
        else:
            self._record(entry, [])

    def _in_doubt(self, entry: BatchEntry, rows: Sequence[Row], why: str) -> None:
        """A message that may have been sent: asked after, sent again or held, as the sync says."""
        answers = []
        for row in rows:
            done = self._destination.was_done(row) if self._sync.on_ambiguous == "reconcile" else None
            if done:
                answers.append(RowAnswer(row.seq, "ok", "reconciled", "The destination has it"))
            elif done is None and self._sync.on_ambiguous != "resend":
                answers.append(RowAnswer(row.seq, "ambiguous", "ambiguous", why))
        if answers:
            self._record(entry if len(answers) == len(rows) else None, answers)
        if len(answers) < len(rows):
            self._batches.unclaim(entry, None, why)
            self._gate.take_back(rows)
            self._queue.append(entry)

    def _await_jobs(self) -> None:
        """Ask after jobs until they answer, or leave them to whoever asks next."""
        pause, waited = _FIRST_POLL, 0.0
        while jobs := self._jobs():
            for entry in jobs:
                if self._sending.stopped:
                    return
                self._poll(entry)
            if waited + pause > self._patience() or not self._jobs():
                return
            self._sleep(pause)
            waited, pause = waited + pause, min(pause * 2, _LONGEST_POLL)

    def _jobs(self) -> list[BatchEntry]:
        """Batches that jobs work on; asking after one may begin others, for the halves of what it refused."""
        return [entry for entry in self._batches.open() if entry.state == "accepted"]

    def _poll(self, entry: BatchEntry) -> None:
        rows = self._batches.rows(entry)
        batch = Batch(self._sync.name, self._sync.object, entry.idempotency_key, rows, entry.attempt)
        if not self._pace.wait(self._patience()):
            return
        try:
            answer = asked(lambda: self._destination.poll(entry.job_id or "", batch), rows)
        except TryLaterError as error:
            self._pace.close_for(error.after or 0)
        except UnsureError:
            pass
        except NotAllowedError as error:
            self._sending.stop(str(error))
        except BatchRefusedError as error:
            self._refused(entry, rows, error)
            self._work()
        else:
            if isinstance(answer, Answered):
                self._record(entry, answer.rows, answer.status_code)

    def _patience(self) -> float:
        return self._connection.patience_minutes * 60
