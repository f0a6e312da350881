using System.Security.Cryptography;
using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// The records that a block leaves apart from the others of its height: they lie in the order of hashes and
/// of state keys. To look each one up would cost more than to check the signatures, so the sets are compared:
/// what the blocks must have left is added up as they pass, what is there in one sweep over the disk at the
/// end.
/// </summary>
internal sealed class ScatteredRecords(LedgerArchive archive, AuditStart start, Height head, bool isExact)
{
    private const int SaltBytes = 16;

    private static readonly RecordFamily[] Families
        = [RecordFamily.BlockHeights, RecordFamily.Transactions, RecordFamily.History];

    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly Dictionary<RecordFamily, Tally> _expected = Families.ToDictionary(
        family => family, _ => new Tally());

    /// <summary>Takes what one block must have left. One caller at a time.</summary>
    public AuditFault? FaultIn(Height height, IEnumerable<LedgerRecord> records)
    {
        foreach (var record in records)
        {
            var expected = _expected[record.Family];
            expected.Count++;
            if (!isExact)
            {
                (expected.Sum ??= new(_salt)).Add(record);
            }
            else if (AuditFault.Difference(
                height.Value, record, archive.Read(record.Family, record.Key)) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>With all blocks taken: whether there is anything else, or less.</summary>
    public async Task<AuditFault?> RestFaultAsync()
    {
        var faults = await Task.WhenAll(Families.Select(family => Task.Run(() => RestFault(family))));
        return Array.Find(faults, fault => fault is not null);
    }

    /// <summary>
    /// The history of blocks that were not executed is not certified, but for what is still in force: the
    /// newest version of a key must be the state's.
    /// </summary>
    public AuditFault? OlderVersionsFault(IReadOnlyDictionary<byte[], byte[]> state)
    {
        if (start.Base is null)
        {
            return null;
        }

        byte[] previous = [];
        foreach (var (key, value) in archive.ReadAll(RecordFamily.History))
        {
            if (LedgerRecord.OfHistory(key) is not { } version)
            {
                return AuditFault.Of(
                    head.Value, RecordFamily.History, key, null, "no history has such a key");
            }

            var isNewest = !version.StateKey.AsSpan().SequenceEqual(previous);
            previous = version.StateKey;
            if (isNewest)
            {
                LedgerRecord expected = new(
                    RecordFamily.History, key, LedgerRecord.VersionOf(
                        state.GetValueOrDefault(version.StateKey)));
                if (AuditFault.Difference(version.Height.Value, expected, value) is { } fault)
                {
                    return fault;
                }
            }
        }

        return null;
    }

    private AuditFault? RestFault(RecordFamily family)
    {
        var expected = _expected[family];
        RecordSum sum = new(_salt);
        long count = 0;
        foreach (var (key, value) in archive.ReadAll(family))
        {
            if (family == RecordFamily.History && IsOfUnexecuted(key))
            {
                continue;
            }

            count++;
            if (count > expected.Count)
            {
                return AuditFault.Of(
                    head.Value, family, key, null, $"{expected.Count} records are expected, there are more");
            }

            if (!isExact)
            {
                sum.Add(new(family, key, value));
            }
        }

        return isExact || (expected.Sum ?? new(_salt)).IsSameAs(sum)
            ? null
            : AuditFault.Of(
                head.Value, family, [], null, "all records together are not what execution gives");
    }

    private bool IsOfUnexecuted(byte[] key)
        => start.Base is { } below && LedgerRecord.OfHistory(key) is { } version && version.Height <= below;

    /// <summary>What the blocks so far must have left in one family.</summary>
    private sealed class Tally
    {
        public long Count { get; set; }

        public RecordSum? Sum { get; set; }
    }
}
