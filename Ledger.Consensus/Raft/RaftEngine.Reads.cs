using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// Linearizable reads without an entry in the log (dissertation §6.4): a leader notes its commit index, makes
/// sure that it still leads by a round of heartbeats that begins after that, and lets the read see that index
/// or more. With lease reads a round that began a short while ago is proof enough.
/// </summary>
public sealed partial class RaftEngine
{
    /// <summary>Reads that wait at once; more are refused.</summary>
    private const int ReadsMax = 4096;

    /// <summary>Rounds that are not answered yet.</summary>
    private const int RoundsMax = 64;

    /// <summary>
    /// Reads of this leader and of followers, each with the round that must be answered, oldest first.
    /// </summary>
    private readonly Queue<Read> _reads = new();

    /// <summary>Reads that a new leader holds until it knows what is committed.</summary>
    private readonly Queue<Read> _heldReads = new();

    /// <summary>Reads that wait for the leader's answer, and for how many ticks.</summary>
    private readonly SortedDictionary<ulong, int> _asked = [];

    private readonly Queue<(ulong Round, TimeSpan Began)> _rounds = new();
    private ulong _round;

    /// <summary>When the last round that a majority answered began.</summary>
    private TimeSpan? _leaseFrom;

    /// <summary>Set for the rest of the term once someone was sent to campaign.</summary>
    private bool _leaseIsOver;

    private void OnReadRequested(ulong id, TimeSpan now, Effects effects)
    {
        if (_reads.Count + _heldReads.Count + _asked.Count >= ReadsMax)
        {
            effects.ReadRefused(id, "too many reads wait");
            return;
        }

        if (IsLeader)
        {
            if (_options.LeaseReads && HoldsLease(now) && _safety.HasCommittedInTerm)
            {
                effects.ReadReady(id, ReadHeight);
                return;
            }

            Enqueue(new(id, null, ReadHeight, 0), effects);
            return;
        }

        if (Leader is not { } leader)
        {
            effects.ReadRefused(id, "no leader is known: a majority of the voters may be out of reach");
            return;
        }

        _asked[id] = 0;
        effects.Hint(new ReadIndex(Term, id), Recipients.Just(leader));
    }

    private Height ReadHeight => Log.BlockAt(_safety.Commit).Height;

    private bool HoldsLease(TimeSpan now)
        => !_leaseIsOver && _leaseFrom is { } began && now < began + _options.Lease;

    private void OnReadIndex(ValidatorIndex from, ReadIndex read, Effects effects)
    {
        if (!IsLeader || read.Term != Term || _reads.Count + _heldReads.Count >= ReadsMax)
        {
            effects.Hint(new ReadIndexReply(Term, read.Id, Height: null), Recipients.Just(from));
            return;
        }

        Enqueue(new(read.Id, from, ReadHeight, 0), effects);
    }

    private void Enqueue(Read read, Effects effects)
    {
        if (!_safety.HasCommittedInTerm)
        {
            _heldReads.Enqueue(read);
            return;
        }

        // The round must begin after the commit index was noted. One that is under way has begun before;
        // those that come while one is, share the next.
        var mustStart = _reads.Count == 0;
        _reads.Enqueue(read with { Round = _round + 1, Height = ReadHeight });
        if (mustStart)
        {
            StartRound(effects);
        }
    }

    private void AnswerHeldReads(Effects effects)
    {
        while (_safety.HasCommittedInTerm && _heldReads.TryDequeue(out var read))
        {
            Enqueue(read, effects);
        }
    }

    private void StartRound(Effects effects)
    {
        _round++;
        _rounds.Enqueue((_round, _now));
        if (_rounds.Count > RoundsMax)
        {
            _rounds.Dequeue();
        }

        foreach (var (member, _) in _progress)
        {
            if (member != _self)
            {
                effects.Hint(new Heartbeat(Term, _round), Recipients.Just(member));
            }
        }

        ConfirmReads(effects);
    }

    private void ConfirmReads(Effects effects)
    {
        var reached = Configuration.ReachedByQuorum(
            voter => voter == _self ? _round : _progress.TryGetValue(voter, out var progress)
            ? progress.Round : 0);
        while (_rounds.TryPeek(out var oldest) && oldest.Round <= reached)
        {
            _leaseFrom = _rounds.Dequeue().Began;
        }

        while (_reads.TryPeek(out var read) && read.Round <= reached)
        {
            Answer(_reads.Dequeue(), effects);
        }

        if (_reads.TryPeek(out var next) && next.Round > _round)
        {
            StartRound(effects);
        }
    }

    private void Answer(Read read, Effects effects)
    {
        if (read.From is { } follower)
        {
            effects.Hint(new ReadIndexReply(Term, read.Id, read.Height), Recipients.Just(follower));
        }
        else
        {
            effects.ReadReady(read.Id, read.Height);
        }
    }

    private void OnReadIndexReply(ValidatorIndex from, ReadIndexReply reply, Effects effects)
    {
        // Whoever leads by now, the answer was true after the question.
        if (!_asked.Remove(reply.Id))
        {
            return;
        }

        if (reply.Height is { } height)
        {
            effects.ReadReady(reply.Id, height);
        }
        else
        {
            effects.ReadRefused(reply.Id, new("does not lead", from));
        }
    }

    private void AgeReads(Effects effects)
    {
        if (_asked.Count == 0)
        {
            return;
        }

        foreach (var id in _asked.Keys.ToList())
        {
            if (++_asked[id] > _options.ElectionTicks)
            {
                _asked.Remove(id);
                effects.ReadRefused(id, "the leader did not answer: it may be out of reach of a majority");
            }
        }
    }

    /// <summary>Nobody waits for an answer that cannot come any more.</summary>
    private void RefuseReads(string reason, Effects effects)
    {
        foreach (var id in _asked.Keys)
        {
            effects.ReadRefused(id, reason);
        }

        _asked.Clear();
        RefuseAll(_reads, reason, effects);
        RefuseAll(_heldReads, reason, effects);
    }

    private void RefuseAll(Queue<Read> reads, string reason, Effects effects)
    {
        while (reads.TryDequeue(out var read))
        {
            if (read.From is { } follower)
            {
                effects.Hint(new ReadIndexReply(Term, read.Id, Height: null), Recipients.Just(follower));
            }
            else
            {
                effects.ReadRefused(read.Id, reason);
            }
        }
    }

    /// <param name="Id">The asker's.</param>
    /// <param name="From">The follower that asks; null for this replica's own.</param>
    /// <param name="Height">Of the last block committed when it was asked.</param>
    /// <param name="Round">Must be answered by a majority.</param>
    private readonly record struct Read(ulong Id, ValidatorIndex? From, Height Height, ulong Round);
}
