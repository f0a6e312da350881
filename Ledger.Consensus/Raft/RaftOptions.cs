namespace Ledger.Consensus.Raft;

/// <summary>How patient a Raft replica is and how much it has under way. Time is counted in ticks.</summary>
public sealed record RaftOptions
{
    public static readonly RaftOptions Default = new();

    public TimeSpan TickEvery { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Without a word of the leader for more than this and at most twice this, by lot, a follower campaigns;
    /// within it, it lets no one else (dissertation §4.2.3, §9.6).
    /// </summary>
    public int ElectionTicks { get; init; } = 12;

    public int HeartbeatTicks { get; init; } = 2;

    /// <summary>Blocks of a leader that are not yet committed.</summary>
    public int Window { get; init; } = 16;

    /// <summary>Messages with entries on the way to one follower.</summary>
    public int InFlightMax { get; init; } = 16;

    /// <summary>Their bytes; one message goes whatever its size.</summary>
    public int InFlightBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bytes of entries in one message; one entry goes whatever its size.</summary>
    public int BatchBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Entries that stay in memory for slow followers after they are final.</summary>
    public int EntriesRetained { get; init; } = 1024;

    /// <summary>Their bytes.</summary>
    public long BytesRetained { get; init; } = 64 * 1024 * 1024;

    /// <summary>How much the journal may grow before it is written anew.</summary>
    public long CompactionBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>A learner that lacks no more entries than this has caught up.</summary>
    public int CaughtUpWithin { get; init; } = 32;

    /// <summary>A newcomer that gains nothing for so long does not become a member.</summary>
    public int LearnTicks { get; init; } = 400;

    /// <summary>This replica votes and keeps no blocks. Its configuration must agree.</summary>
    public bool IsWitness { get; init; }

    /// <summary>
    /// Serve reads without asking a majority while one has answered this leader lately. Only as true as the
    /// clocks: see <see cref="ClockDriftPerMille"/>.
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>By how much one machine's clock may run faster than another's, in thousandths.</summary>
    public int ClockDriftPerMille { get; init; } = 50;

    /// <summary>
    /// How long after asking a majority, which agreed, no other leader can exist: a follower waits for its
    /// election ticks, the first of which may be almost over when the word arrives, by a clock that may be
    /// faster than ours.
    /// </summary>
    public TimeSpan Lease => TickEvery * (ElectionTicks - 1) * 1000 / (1000 + ClockDriftPerMille);
}
