using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>
/// What a block of another proposer may not be, each rule at its edge, and that ours never is it.
/// </summary>
public sealed class BlockRulesTests
{
    private static readonly Operation Note = new Operation.Put("docs", "a", "1"u8.ToArray());

    private readonly Chain _chain = new();

    public BlockRulesTests() => _chain.Try(Admin, Note);

    [Fact]
    public void A_transaction_that_may_be_in_no_block_of_its_time_makes_the_block_invalid()
    {
        var time = _chain.Now.UnixMilliseconds;
        var day = (long)Limits.ValidUntilAhead.TotalMilliseconds;

        AssertNotHeld("transaction 1: it was valid until", Sign("test", time), Sign("test", time - 1));
        AssertNotHeld(
            "transaction 1: its valid-until lies", Sign("test", time + day), Sign("test", time + day + 1));
        AssertNotHeld("transaction 0: it is for chain 'other'", Sign("other", time));
    }

    [Fact]
    public void A_transaction_that_a_block_holds_twice_makes_it_invalid()
    {
        var once = _chain.Sign(Admin, Note);

        AssertNotHeld("transaction 1: it was applied before", once, once);
    }

    [Fact]
    public void A_block_leaves_no_height_out()
    {
        var header = Next();

        AssertRefused("height does not follow", new(header with { Height = header.Height.Next }, []));
        AssertRefused("height does not follow", new(header with { Height = _chain.Machine.Head.Height }, []));
    }

    [Fact]
    public void A_block_holds_so_many_transactions_and_no_more()
    {
        var once = _chain.Sign(Admin, Note);
        var full = Enumerable.Repeat(once, Limits.BlockTransactions).ToArray();

        AssertNotHeld("transaction 1: it was applied before", full);
        AssertNotHeld($"more than {Limits.BlockTransactions} transactions", [.. full, once]);
    }

    [Fact]
    public void A_block_is_so_long_and_no_longer()
    {
        var header = Next();

        Assert.Null(Validate(Block.Outline(header, Limits.BlockBytes)));
        AssertRefused(
            $"longer than {Limits.BlockBytes} bytes", Block.Outline(header, Limits.BlockBytes + 1));
    }

    [Fact]
    public void What_does_not_fit_a_block_is_left_for_the_next()
    {
        var large = new Operation.Put("docs", "large", new byte[Limits.ValueBytes]);
        var fits = Limits.BlockBytes / Limits.ValueBytes;
        var candidates = Enumerable.Range(0, fits + 1).Select(_ => _chain.Sign(Admin, large)).ToArray();

        var block = _chain.Machine.Propose(
            _chain.Machine.HeadHash, candidates, _chain.Now, new(0), int.MaxValue, int.MaxValue)!;

        Assert.Equal(candidates[..(fits - 1)], block.Transactions);
        Assert.True(block.Encoded.Length <= Limits.BlockBytes);
    }

    /// <summary>Whoever's clock was set back goes on, and the others take its blocks.</summary>
    [Fact]
    public void Time_stands_still_while_the_clocks_are_behind_it()
    {
        var then = _chain.Machine.Head.Time;
        _chain.Now = then.Plus(-Limits.ClockDrift).Plus(-Limits.ClockDrift);

        var block = _chain.Propose(_chain.Machine.HeadHash, _chain.Sign(Admin, Note));

        Assert.Equal(then, block.Header.Time);
        Assert.Null(Validate(block));
    }

    private static Transaction Sign(string chainId, long until)
        => Transaction.Sign(new(chainId, Admin.PublicKey, new(until), 7, [Note]), Admin);

    /// <summary>The header of an empty block on the head.</summary>
    private BlockHeader Next() => _chain.Propose(_chain.Machine.HeadHash).Header;

    /// <summary>As another validator would, that has not made the block itself.</summary>
    private string? Validate(Block block)
        => new LedgerMachine(_chain.Genesis, _chain.Store).Validate(block, _chain.Now, _ => true);

    private void AssertNotHeld(string words, params Transaction[] transactions)
        => AssertRefused(
            words,
            new(Next() with { TransactionsRoot = TransactionTree.RootOf(transactions) }, transactions));

    private void AssertRefused(string words, Block block)
        => Assert.Contains(words, Validate(block), StringComparison.Ordinal);
}
