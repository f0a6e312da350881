using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Xunit;

namespace Ledger.Node.Tests.Consensus;

public sealed class RecentBlocksTests
{
    private readonly RecentBlocks _recent = new();

    [Fact]
    public void A_final_block_is_let_go()
    {
        var (first, second) = (BlockAt(1), BlockAt(2));
        _recent.Add(first);
        _recent.Add(second);

        _recent.Remove(first.Hash);
        _recent.Remove(first.Hash);

        Assert.Null(_recent.Find(first.Hash));
        Assert.Same(second, _recent.Find(second.Hash));
    }

    [Fact]
    public void The_oldest_goes_when_there_are_too_many()
    {
        Block[] blocks =
            [.. Enumerable.Range(1, RecentBlocks.CountMax + 1).Select(height => BlockAt((ulong)height))];
        foreach (var block in blocks)
        {
            _recent.Add(block);
            _recent.Add(block);
        }

        Assert.Null(_recent.Find(blocks[0].Hash));
        Assert.All(blocks[1..], block => Assert.Same(block, _recent.Find(block.Hash)));
    }

    [Fact]
    public void The_oldest_go_when_they_are_too_large()
    {
        var transaction = Large();
        var count = Limits.BlockBytes / 2 / transaction.Encoded.Length;
        Block[] blocks =
        [
            .. Enumerable.Range(1, 40)
                .Select(height => BlockAt((ulong)height, [.. Enumerable.Repeat(transaction, count)])),
        ];
        var bytes = 0L;
        foreach (var block in blocks)
        {
            _recent.Add(block);
            bytes += block.Encoded.Length;
        }

        Assert.True(bytes > RecentBlocks.BytesMax);
        var kept = blocks.Where(block => _recent.Find(block.Hash) is not null).ToArray();
        Assert.True(kept.Sum(block => (long)block.Encoded.Length) <= RecentBlocks.BytesMax);
        Assert.Equal(blocks[^kept.Length..], kept);
        Assert.NotEmpty(kept);
    }

    /// <summary>
    /// A primary that lies may propose more than there is room for, so that what all must build on is gone.
    /// </summary>
    [Fact]
    public void What_a_view_is_built_on_stays_whatever_else_comes()
    {
        var below = BlockAt(1);
        var top = BlockOn(below.Hash, 2);
        _recent.Prepared(new(new(3), top.Height, top.Hash));
        _recent.Prepared(new(new(2), new(8), Digest.Zero));
        _recent.Add(below);
        _recent.Add(top);
        for (var i = 0; i < 3 * RecentBlocks.CountMax; i++)
        {
            _recent.Add(BlockOn(Sha256.Hash(BitConverter.GetBytes(i)), 9));
        }

        Assert.Same(top, _recent.Find(top.Hash));
        Assert.Same(below, _recent.Find(below.Hash));

        _recent.Build(new(new(1), new(1), Digest.Zero));
        for (var i = 0; i < RecentBlocks.CountMax; i++)
        {
            _recent.Add(BlockOn(Sha256.Hash(BitConverter.GetBytes(-i)), 9));
        }

        Assert.Null(_recent.Find(top.Hash));
    }

    private static Transaction Large() => Keys.Put(new ManualClock(), valueBytes: 60_000);

    private static Block BlockAt(ulong height, params Transaction[] transactions)
        => BlockOn(Digest.Zero, height, transactions);

    private static Block BlockOn(Digest parent, ulong height, params Transaction[] transactions) => new(
        new("chain", new(height), parent, new(0), new(0), Digest.Zero, Digest.Zero, Digest.Zero,
            Digest.Zero, Digest.Zero),
        transactions);
}
