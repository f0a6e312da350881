using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// What survives a simulated crash: the journal as bytes, and the final chain. A write either returns, and is then
/// there for ever, or the node dies in it and nothing of it is.
/// </summary>
public sealed class SimulatedDisk : IJournal
{
    private readonly List<byte[]> _journal = [];
    private readonly List<Block> _final = [];
    private readonly SortedDictionary<Height, QuorumCertificate> _certificates = [];

    /// <summary>How many writes still succeed; the next one kills the node before it takes effect.</summary>
    public int? WritesUntilDeath { get; set; }

    public IReadOnlyList<Block> Final => _final;

    public IReadOnlyDictionary<Height, QuorumCertificate> Certificates => _certificates;

    /// <summary>The journal as recovery reads it back.</summary>
    public IEnumerable<JournalRecord> Records()
    {
        foreach (var bytes in _journal)
        {
            Invariant.Holds(PbftCodec.TryDecodeRecord(bytes, out var record, out _), "a record reads back as written");
            yield return record;
        }
    }

    public void Append(IReadOnlyList<JournalRecord> records)
    {
        DieIfDue();
        foreach (var record in records)
        {
            _journal.Add(PbftCodec.EncodeRecord(record));
        }
    }

    public void Replace(IReadOnlyList<JournalRecord> records)
    {
        DieIfDue();
        _journal.Clear();
        foreach (var record in records)
        {
            _journal.Add(PbftCodec.EncodeRecord(record));
        }
    }

    public void Finalise(Decision decision)
    {
        DieIfDue();
        _final.AddRange(decision.Blocks);
        foreach (var certificate in decision.Certificates)
        {
            _certificates[certificate.Subject.Height] = certificate;
        }
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

/// <summary>The simulated process ends here, in the middle of whatever it did.</summary>
public sealed class SimulatedDeathException : Exception;
