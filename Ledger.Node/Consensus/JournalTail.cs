using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Node.Consensus;

/// <summary>
/// What the consensus journal holds, for an operator who asks: counts by kind, and the last records in words.
/// The journal itself belongs to the loop's thread alone.
/// </summary>
internal sealed class JournalTail(Func<ValidatorIndex, string> nameOf)
{
    private const int Max = 64;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private readonly Queue<JournalRecord> _last = new(Max);
    private long _bytes;

    public void Appended(IReadOnlyList<JournalRecord> records, long bytes)
    {
        lock (_lock)
        {
            Add(records, bytes);
        }
    }

    /// <summary>These took the place of all earlier ones.</summary>
    public void Replaced(IReadOnlyList<JournalRecord> records, long bytes)
    {
        lock (_lock)
        {
            _kinds.Clear();
            _bytes = 0;
            Add(records, bytes);
        }
    }

    public JournalReply Read(int last)
    {
        lock (_lock)
        {
            return new(
                _kinds.Values.Sum(), _bytes, new Dictionary<string, int>(_kinds),
                [.. _last.TakeLast(last).Select(record => JournalWords.Of(record, nameOf))]);
        }
    }

    private void Add(IReadOnlyList<JournalRecord> records, long bytes)
    {
        _bytes += bytes;
        foreach (var record in records)
        {
            var kind = record.GetType().Name;
            _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
            if (_last.Count == Max)
            {
                _last.Dequeue();
            }

            _last.Enqueue(record);
        }
    }
}
