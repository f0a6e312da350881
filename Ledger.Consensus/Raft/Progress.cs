using Ledger.Core;

namespace Ledger.Consensus.Raft;

internal enum ProgressState
{
    /// <summary>Where the follower's log agrees is not known: one message, then its answer.</summary>
    Probe,

    /// <summary>Messages follow each other without waiting, within the window.</summary>
    Replicate,

    /// <summary>It fetches the state; entries would not fit.</summary>
    Snapshot,
}

/// <summary>
/// What a leader knows of one member: how far its log agrees, what is on the way to it, and whether it lives.
/// The window of what is on the way is the flow control: a slow follower costs a bounded amount and slows
/// nobody else.
/// </summary>
internal sealed class Progress(LogIndex next, RaftOptions options)
{
    private readonly Queue<(LogIndex Last, int Bytes)> _inFlight = new();
    private long _bytesInFlight;

    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>The member's log is the leader's up to here, durably.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>The first entry that was not sent yet.</summary>
    public LogIndex Next { get; private set; } = next;

    /// <summary>It was told that entries are committed up to here, after it was sent them.</summary>
    public LogIndex Told { get; set; }

    /// <summary>Heard from since this was last asked and reset.</summary>
    public bool IsActive { get; set; }

    /// <summary>Ticks since it was last heard.</summary>
    public int UnheardTicks { get; set; }

    /// <summary>The highest round of heartbeats it has answered.</summary>
    public ulong Round { get; set; }

    /// <summary>Ticks since something was sent to it or acknowledged.</summary>
    public int SilentTicks { get; set; }

    /// <summary>Ticks since it last gained anything: entries, or bytes of a snapshot.</summary>
    public int IdleTicks { get; set; }

    /// <summary>Bytes of the snapshot that it has.</summary>
    public ulong SnapshotBytes { get; private set; }

    /// <summary>The state it was asked to fetch.</summary>
    public SnapshotMark? Offered { get; private set; }

    /// <summary>No longer a member; it is only told so.</summary>
    public bool IsDeparting { get; set; }

    public bool MaySend => State switch
    {
        ProgressState.Probe => _inFlight.Count == 0,
        ProgressState.Replicate => _inFlight.Count < options.InFlightMax
            && (_bytesInFlight < options.InFlightBytesMax || _inFlight.Count == 0),
        _ => false,
    };

    public bool AwaitsAnswer => _inFlight.Count > 0;

    public void Heard()
    {
        IsActive = true;
        UnheardTicks = 0;
    }

    public void Sent(LogIndex last, int bytes)
    {
        if (_inFlight.Count == 0)
        {
            SilentTicks = 0;
        }

        _inFlight.Enqueue((last, bytes));
        _bytesInFlight += bytes;
        if (State == ProgressState.Replicate)
        {
            Next = last.Next;
        }
    }

    /// <summary>An acknowledgement: frees the window and, after a probe, opens it.</summary>
    public void Acknowledged(LogIndex index)
    {
        while (_inFlight.TryPeek(out var oldest) && oldest.Last <= index)
        {
            _bytesInFlight -= _inFlight.Dequeue().Bytes;
        }

        if (index > Match)
        {
            Match = index;
            IdleTicks = 0;
            SilentTicks = 0;
        }

        Next = LogIndex.Max(Next, Match.Next);
        var hasState = Offered is null || index >= Offered.Index;
        if (State == ProgressState.Probe || (State == ProgressState.Snapshot && hasState))
        {
            Enter(ProgressState.Replicate);
        }
    }

    /// <summary>
    /// What was sent may be lost, or did not fit: starts again behind what is known to agree, or where told.
    /// </summary>
    public void Probe(LogIndex next)
    {
        Enter(ProgressState.Probe);
        Next = LogIndex.Max(next, Match.Next);
    }

    public void Offer(SnapshotMark mark)
    {
        Enter(ProgressState.Snapshot);
        Offered = mark;
        SnapshotBytes = 0;
        SilentTicks = 0;
    }

    public void SnapshotMoved(ulong bytes)
    {
        if (bytes > SnapshotBytes)
        {
            SnapshotBytes = bytes;
            IdleTicks = 0;
        }

        SilentTicks = 0;
    }

    private void Enter(ProgressState state)
    {
        State = state;
        Offered = null;
        Told = LogIndex.Zero;
        _inFlight.Clear();
        _bytesInFlight = 0;
    }
}
