using System.Diagnostics;
using Ledger.Consensus;
using Ledger.Storage;

namespace Ledger.Node.Consensus;

/// <summary>The engine's records in the journal's database: one synced write for each turn.</summary>
internal sealed class NodeJournal(
    IConsensusProtocol protocol, ConsensusJournal journal, ConsensusMetrics metrics, ConsensusDiary diary) : IJournal
{
    /// <summary>What recovery folds; a record that cannot be read is a damaged disk.</summary>
    public IEnumerable<JournalRecord> Records()
    {
        foreach (var bytes in journal.ReadAll())
        {
            yield return protocol.TryDecodeRecord(bytes, out var record, out var fault)
                ? record
                : throw new DamagedDataException($"The consensus journal holds a record that is none: {fault}.");
        }
    }

    public void Append(IReadOnlyList<JournalRecord> records) => Write(records, journal.Append);

    public void Replace(IReadOnlyList<JournalRecord> records) => Write(records, journal.Replace);

    private void Write(IReadOnlyList<JournalRecord> records, Action<IReadOnlyList<ReadOnlyMemory<byte>>> write)
    {
        var encoded = new ReadOnlyMemory<byte>[records.Count];
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i] = protocol.EncodeRecord(records[i]);
        }

        var started = Stopwatch.GetTimestamp();
        write(encoded);
        var took = Stopwatch.GetElapsedTime(started);
        metrics.Synced(took);
        diary.Synced(took);
    }
}
