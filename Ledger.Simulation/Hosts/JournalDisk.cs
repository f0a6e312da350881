using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// The journal as bytes on a simulated disk: one frame for each synced write, with its length and checksum.
/// Recovery passes over a torn frame at the end, which nobody rested anything on, and refuses any other that
/// is not whole.
/// </summary>
internal sealed class JournalDisk(DeathPlan death, IProtocol protocol) : IJournal
{
    private readonly List<Frame> _frames = [];

    /// <summary>While true every write fails.</summary>
    public bool IsFull { get; set; }

    /// <summary>Told what has become durable; with true when it replaces all before.</summary>
    public Action<IReadOnlyList<JournalRecord>, bool>? OnDurable { get; set; }

    public int Frames => _frames.Count;

    public long Bytes { get; private set; }

    public void Append(IReadOnlyList<JournalRecord> records) => Write(records, replaces: false);

    public void Replace(IReadOnlyList<JournalRecord> records) => Write(records, replaces: true);

    /// <summary>What recovery folds.</summary>
    /// <exception cref="DamagedJournalException">A frame before the end is not whole.</exception>
    public IReadOnlyList<JournalRecord> Recover()
    {
        List<JournalRecord> records = [];
        for (var i = 0; i < _frames.Count; i++)
        {
            var frame = _frames[i];
            if (frame.IsTorn && i == _frames.Count - 1)
            {
                _frames.RemoveAt(i);
                break;
            }

            if (frame.IsTorn || Sum(frame.Records) != frame.Checksum)
            {
                throw new DamagedJournalException(i);
            }

            foreach (var bytes in frame.Records)
            {
                var record = protocol.DecodeRecord(bytes);
                Invariant.Holds(record is not null, "a record reads back as it was written");
                records.Add(record);
            }
        }

        return records;
    }

    /// <summary>Turns one bit of a durable frame.</summary>
    /// <returns>False when there is none.</returns>
    public bool Damage(Chance chance)
    {
        var whole = _frames.FindAll(frame => !frame.IsTorn);
        if (whole.Count == 0)
        {
            return false;
        }

        var bytes = chance.Pick(chance.Pick(whole).Records);
        bytes[chance.Below(bytes.Length)] ^= (byte)(1 << chance.Below(8));
        return true;
    }

    /// <summary>Loses everything: amnesia, which no honest validator starts with.</summary>
    public void Lose()
    {
        _frames.Clear();
        Bytes = 0;
        OnDurable?.Invoke([], true);
    }

    private void Write(IReadOnlyList<JournalRecord> records, bool replaces)
    {
        if (IsFull)
        {
            throw new DiskFullException();
        }

        death.Pass(DeathPoint.BeforeWrite);
        var encoded = new byte[records.Count][];
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i] = protocol.EncodeRecord(records[i]);
        }

        if (death.IsDue(DeathPoint.InWrite))
        {
            // A replacement goes to a new file first: torn, it leaves the old one.
            if (!replaces)
            {
                _frames.Add(new([], default, IsTorn: true));
            }

            throw new SimulatedDeathException();
        }

        if (replaces)
        {
            _frames.Clear();
            Bytes = 0;
        }

        _frames.Add(new(encoded, Sum(encoded), IsTorn: false));
        Bytes += encoded.Sum(record => (long)record.Length);
        OnDurable?.Invoke(records, replaces);
        death.Pass(DeathPoint.AfterWrite);
    }

    private static ulong Sum(byte[][] records)
    {
        // FNV-1a, as good as any here: the only damage is what this simulator does itself.
        var sum = 0xcbf29ce484222325UL;
        foreach (var record in records)
        {
            foreach (var b in record)
            {
                sum = (sum ^ b) * 0x100000001b3UL;
            }

            sum = (sum ^ (ulong)record.Length) * 0x100000001b3UL;
        }

        return sum;
    }

    private sealed record Frame(byte[][] Records, ulong Checksum, bool IsTorn);
}
