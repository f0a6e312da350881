using System.Globalization;

namespace Ledger.Core.Tests.Proofs;

/// <summary>A chain, and proofs of every kind from it.</summary>
internal sealed class SampleProofs
{
    private static readonly int[] BlockSizes = [1, 2, 3, 7, 16, 33];

    private SampleProofs(ProofChain chain, IReadOnlyList<Proof> all)
    {
        Chain = chain;
        All = all;
    }

    public ProofChain Chain { get; }

    public IReadOnlyList<Proof> All { get; }

    /// <summary>Blocks of many sizes, all certified by the validators of genesis.</summary>
    /// <param name="isLarge">A proof of every transaction and key, for a run that looks at
    /// everything.</param>
    public static SampleProofs OfGenesisValidators(bool isLarge)
    {
        ProofChain chain = new();
        foreach (var size in BlockSizes)
        {
            chain.Grow([.. Enumerable.Range(0, size).Select(i => chain.Sign(OperationOf(chain, size, i)))]);
        }

        chain.Grow();
        List<Proof> proofs = [];
        for (var height = 1; height <= BlockSizes.Length; height++)
        {
            var size = BlockSizes[height - 1];
            foreach (
                var index in isLarge ? Enumerable.Range(0, size) : new[] { 0, size / 2, size - 1 }.Distinct())
            {
                proofs.Add(chain.Receipt(height, index));
                proofs.Add(chain.Receipt(height, index, chain.Finality(height, BlockSizes.Length + 1)));
            }
        }

        proofs.AddRange([chain.Headers(1, 5), chain.Headers(3, 3)]);
        for (var i = 0; i < (isLarge ? 33 : 10); i++)
        {
            proofs.Add(chain.Key("docs", $"33-{i}"));
        }

        proofs.AddRange(
        [
            chain.Key("docs", "absent"), chain.Key("nowhere", "absent"), chain.Key(StateKey.Admins),
            chain.Key(StateKey.ForBalance(Tests.Chain.Bob.PublicKey, "gold")),
            chain.Key(StateKey.ForRole(Tests.Chain.Admin.PublicKey, Role.Writer, "*")),
            chain.Prefix("docs", ""), chain.Prefix("docs", "33-1"), chain.Prefix("docs", "zzz"), chain.Prefix(
                "nowhere", ""),
            chain.Prefix("notes", "n"),
        ]);
        return new(chain, proofs);
    }

    /// <summary>One joins, and two blocks on one of the first leaves while another joins.</summary>
    public static SampleProofs AcrossChanges()
    {
        ProofChain chain = new();
        chain.Grow(
            chain.Sign(chain.Put("docs", "a", "1")), chain.Sign(new Operation.Delete("docs", "never there")));
        chain.Change(newcomers: 1);
        chain.Grow(chain.Sign(chain.Put("docs", "b", "2")));
        chain.Change(newcomers: 1, leaving: 0);
        chain.Grow(chain.Sign(chain.Put("docs", "c", "3")));
        chain.Grow();
        return new(
            chain,
            [
                chain.Receipt(5, 0), chain.Receipt(1, 1, chain.Finality(1, 5)), chain.Receipt(3, 0),
                chain.Receipt(4, 0, chain.Finality(4, 6)), chain.Headers(1, 6), chain.Headers(3, 4),
                chain.Key("docs", "b"), chain.Key("docs", "absent"), chain.Key(StateKey.Validators),
                chain.Prefix("docs", ""),
            ]);
    }

    private static Operation OperationOf(ProofChain chain, int size, int index) => (index % 4) switch
    {
        0 => chain.Put("docs", string.Create(CultureInfo.InvariantCulture, $"{size}-{index}"), "ü value"),
        1 => chain.Put("more", string.Create(CultureInfo.InvariantCulture, $"{size}-{index}"), ""),
        2 => new Operation.Delete("docs", "never there"),
        _ => new Operation.DefineAsset(
            string.Create(CultureInfo.InvariantCulture, $"asset-{size}-{index}"), 2),
    };
}
