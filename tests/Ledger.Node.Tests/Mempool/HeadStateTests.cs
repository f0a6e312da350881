using Ledger.Core;
using Ledger.Node.Mempool;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Mempool;

/// <summary>What was read of the state counts for the head under which it was read.</summary>
public sealed class HeadStateTests : IDisposable
{
    private readonly FinalChain _chain = new(new TestChain(1));
    private readonly HeadState _state;

    public HeadStateTests() => _state = new(_chain.Store);

    [Fact]
    public void A_value_is_read_once_for_each_head()
    {
        _chain.Grow([PutKey(1)]);

        var first = Read();

        Assert.Same(first, Read());
        Assert.Equal([1], KeyEntry.Decode(first!).Value.ToArray());
    }

    [Fact]
    public void A_new_head_is_seen_at_once()
    {
        _chain.Grow([PutKey(1)]);
        Read();

        _chain.Grow([PutKey(2)]);

        Assert.Equal([2], KeyEntry.Decode(Read()!).Value.ToArray());
    }

    [Fact]
    public void What_was_absent_is_looked_for_again_under_a_new_head()
    {
        Assert.Null(Read());
        Assert.Null(Read());

        _chain.Grow([PutKey(1)]);
        Assert.NotNull(Read());

        _chain.Grow([Keys.Sign(_chain.Clock, Keys.Writer, new Operation.Delete("open", "key"))]);
        Assert.Null(Read());
    }

    [Fact]
    public void A_role_that_is_revoked_is_gone_with_the_next_block()
    {
        var mayWrite = () => Permissions.Allows(
            Keys.Writer.PublicKey, new Operation.Put("open", "key", default), key => _state.ReadState(key));
        Assert.True(mayWrite());

        _chain.Grow(
        [
            Keys.Sign(
                _chain.Clock, Keys.Admin, new Operation.Revoke(Keys.Writer.PublicKey, Role.Writer, "open")),
        ]);

        Assert.False(mayWrite());
    }

    [Fact]
    public void Final_transactions_are_the_stores_word()
    {
        var transaction = PutKey(1);
        Assert.False(_state.HoldsTransaction(transaction.Hash));

        _chain.Grow([transaction]);

        Assert.True(_state.HoldsTransaction(transaction.Hash));
    }

    /// <summary>
    /// More keys than are kept: what is thrown away is read again, and nothing is mixed up.
    /// </summary>
    [Fact]
    public void Any_number_of_keys_may_be_asked_for()
    {
        _chain.Grow([PutKey(1)]);
        for (var i = 0; i < 5000; i++)
        {
            Assert.Null(_state.ReadState(StateKey.ForEntry("open", $"absent-{i}")));
        }

        Assert.Equal([1], KeyEntry.Decode(Read()!).Value.ToArray());
    }

    public void Dispose() => _chain.Dispose();

    private byte[]? Read() => _state.ReadState(StateKey.ForEntry("open", "key"));

    private Transaction PutKey(byte value)
        => Keys.Sign(_chain.Clock, Keys.Writer, new Operation.Put("open", "key", new[] { value }));
}
