using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>Writes logs by their terms, as the paper's figures draw them: each entry a no-op.</summary>
internal static class LogBuilder
{
    /// <summary>Gives a node a durable log with these terms, and this term, and starts it anew.</summary>
    public static void Write(RaftNode node, ulong term, params ReadOnlySpan<ulong> terms)
    {
        List<JournalRecord> records = [new TermEntered(new(term), null)];
        for (var i = 0; i < terms.Length; i++)
        {
            records.Add(new Stored(new NoOpEntry(new(terms[i]), new((ulong)i + 1))));
        }

        node.Crash();
        node.Disk.Replace(records);
        node.Start();
    }
}
