using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// What survives a crash: the journal as bytes, and the final chain. A write either returns, and is then
/// there for ever, or the node dies in it and nothing of it is.
/// </summary>
internal sealed class RaftDisk : IJournal
{
    private readonly List<byte[]> _journal = [];

    /// <summary>How many writes still succeed; the next one kills the node before it takes effect.</summary>
    public int? WritesUntilDeath { get; set; }

    public List<Block> Final { get; } = [];

    public List<QuorumCertificate> Certificates { get; } = [];

    public int JournalLength => _journal.Count;

    /// <summary>The journal as recovery reads it back.</summary>
    public IEnumerable<JournalRecord> Records()
    {
        foreach (var bytes in _journal)
        {
            Invariant.Holds(RaftCodec.TryDecodeRecord(bytes, out var record, out _), "a record reads back as written");
            yield return record;
        }
    }

    public void Append(IReadOnlyList<JournalRecord> records)
    {
        DieIfDue();
        _journal.AddRange(records.Select(RaftCodec.EncodeRecord));
    }

    public void Replace(IReadOnlyList<JournalRecord> records)
    {
        DieIfDue();
        _journal.Clear();
        _journal.AddRange(records.Select(RaftCodec.EncodeRecord));
    }

    public void Finalise(Decision decision)
    {
        DieIfDue();
        Final.AddRange(decision.Blocks);
        Certificates.AddRange(decision.Certificates);
    }

    private void DieIfDue()
    {
        if (WritesUntilDeath is { } left)
        {
            WritesUntilDeath = left - 1;
            if (left <= 0)
            {
                throw new SimulatedDeathException();
            }
        }
    }
}
