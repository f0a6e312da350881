using Ledger.Core;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Stepped;

/// <summary>
/// What survives a crash: the journal as bytes, and the final chain. A write either returns, and is then
/// there for ever, or the node dies in it and nothing of it is.
/// </summary>
internal sealed class SteppedDisk(Func<JournalRecord, byte[]> encode, Func<byte[], JournalRecord?> decode)
    : IJournal
{
    private readonly List<byte[]> _journal = [];

    /// <summary>How many writes still succeed; the next one kills the node before it takes effect.</summary>
    public int? WritesUntilDeath { get; set; }

    public List<Block> Final { get; } = [];

    /// <summary>In the order of their heights, as they came.</summary>
    public List<QuorumCertificate> Certificates { get; } = [];

    public int JournalLength => _journal.Count;

    /// <summary>Another one, with nothing on it.</summary>
    public SteppedDisk Blank() => new(encode, decode);

    /// <summary>The journal as recovery reads it back.</summary>
    public IEnumerable<JournalRecord> Records()
    {
        foreach (var bytes in _journal)
        {
            var record = decode(bytes);
            Invariant.Holds(record is not null, "a record reads back as written");
            yield return record;
        }
    }

    public void Append(IReadOnlyList<JournalRecord> records)
    {
        DieIfDue();
        _journal.AddRange(records.Select(encode));
    }

    public void Replace(IReadOnlyList<JournalRecord> records)
    {
        DieIfDue();
        _journal.Clear();
        _journal.AddRange(records.Select(encode));
    }

    public void Finalise(Decision decision)
    {
        DieIfDue();
        Final.AddRange(decision.Blocks);
        Certificates.AddRange(decision.Certificates);
    }

    /// <summary>Forgets the journal: amnesia, which no correct replica suffers.</summary>
    public void LoseJournal() => _journal.Clear();

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
