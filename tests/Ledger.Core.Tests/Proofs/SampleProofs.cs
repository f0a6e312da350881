using System.Globalization;

namespace Ledger.Core.Tests.Proofs;

/// <summary>One chain with blocks of many sizes, and a proof of every kind from it, in both forms.</summary>
internal sealed class SampleProofs
{
    private static readonly int[] BlockSizes = [1, 2, 3, 7, 16, 33];

    /// <param name="isLarge">A proof of every transaction and key, for a run that looks at everything.</param>
    public SampleProofs(bool isLarge)
    {
        foreach (var size in BlockSizes)
        {
            Chain.Grow([.. Enumerable.Range(0, size).Select(i => Chain.Sign(OperationOf(size, i)))]);
        }

        Chain.Grow();
        List<Proof> proofs = [];
        for (var height = 1; height <= BlockSizes.Length; height++)
        {
            var size = BlockSizes[height - 1];
            foreach (var index in isLarge ? Enumerable.Range(0, size) : new[] { 0, size / 2, size - 1 }.Distinct())
            {
                proofs.Add(Chain.Receipt(height, index));
                proofs.Add(Chain.Receipt(height, index, Chain.Finality(height, BlockSizes.Length + 1)));
            }
        }

        proofs.AddRange([Chain.Headers(1, 5), Chain.Headers(3, 3)]);
        for (var i = 0; i < (isLarge ? 33 : 10); i++)
        {
            proofs.Add(Chain.Key("docs", $"33-{i}"));
        }

        proofs.AddRange(
        [
            Chain.Key("docs", "absent"), Chain.Key("nowhere", "absent"), Chain.Key(StateKey.Admins),
            Chain.Key(StateKey.ForBalance(Tests.Chain.Bob.PublicKey, "gold")),
            Chain.Key(StateKey.ForRole(Tests.Chain.Admin.PublicKey, Role.Writer, "*")),
            Chain.Prefix("docs", ""), Chain.Prefix("docs", "33-1"), Chain.Prefix("docs", "zzz"), Chain.Prefix("nowhere", ""),
            Chain.Prefix("notes", "n"),
        ]);
        All = proofs;
    }

    public ProofChain Chain { get; } = new();

    public IReadOnlyList<Proof> All { get; }

    private Operation OperationOf(int size, int index) => (index % 4) switch
    {
        0 => Chain.Put("docs", string.Create(CultureInfo.InvariantCulture, $"{size}-{index}"), "ü value"),
        1 => Chain.Put("more", string.Create(CultureInfo.InvariantCulture, $"{size}-{index}"), ""),
        2 => new Operation.Delete("docs", "never there"),
        _ => new Operation.DefineAsset(string.Create(CultureInfo.InvariantCulture, $"asset-{size}-{index}"), 2),
    };
}
