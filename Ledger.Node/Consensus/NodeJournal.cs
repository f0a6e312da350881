using System.Diagnostics;
using Ledger.Consensus;
using Ledger.Storage;

namespace Ledger.Node.Consensus;

/// <summary>The engine's records in the journal's database: one synced write for each turn.</summary>
internal sealed class NodeJournal(
    IConsensusProtocol protocol, ConsensusJournal journal, ConsensusMetrics metrics, ConsensusDiary diary,
    JournalTail tail) : IJournal
{
    /// <summary>What recovery folds; a record that cannot be read is a damaged disk.</summary>
    public IEnumerable<JournalRecord> Records()
    {
        foreach (var bytes in journal.ReadAll())
        {
            if (!protocol.TryDecodeRecord(bytes, out var record, out var fault))
            {
                throw new DamagedDataException(
                    $"The consensus journal holds a record that is none: {fault}.");
            }

            tail.Appended([record], bytes.Length);
            yield return record;
        }
    }

    public void Append(IReadOnlyList<JournalRecord> records)
        => tail.Appended(records, Write(records, journal.Append));

    public void Replace(IReadOnlyList<JournalRecord> records)
        => tail.Replaced(records, Write(records, journal.Replace));

    /// <returns>How many bytes.</returns>
    private long Write(
        IReadOnlyList<JournalRecord> records, Action<IReadOnlyList<ReadOnlyMemory<byte>>> write)
    {
        var encoded = new ReadOnlyMemory<byte>[records.Count];
        var bytes = 0L;
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i] = protocol.EncodeRecord(records[i]);
            bytes += encoded[i].Length;
        }

        var started = Stopwatch.GetTimestamp();
        write(encoded);
        var took = Stopwatch.GetElapsedTime(started);
        metrics.Synced(took);
        diary.Synced(took);
        return bytes;
    }
}
