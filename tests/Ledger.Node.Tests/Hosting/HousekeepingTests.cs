using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Gossip;
using Ledger.Node.Hosting;
using Ledger.Node.Mempool;
using Ledger.Node.Tests.Consensus;
using Ledger.Node.Tests.Mempool;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Hosting;

/// <summary>
/// What happens to a transaction that is passed over while others are served. The patience is ten seconds.
/// </summary>
public sealed class HousekeepingTests : IAsyncLifetime
{
    private readonly Door _door = new();
    private readonly RunningLoop _running = new(new TestChain(4));
    private readonly CancellationTokenSource _stop = new();
    private TestMesh _mesh = null!;
    private Housekeeping _housekeeping = null!;
    private Task _gossips = Task.CompletedTask;

    private SharedPool Pool => _door.Pool;

    public async ValueTask InitializeAsync()
    {
        _mesh = await TestMesh.StartAsync(2);
        TransactionGossip gossip = new(_mesh[0].Network, _door.Admission, trustsPeers: false);
        _gossips = gossip.RunAsync(_stop.Token);
        _running.Start();
        _housekeeping = new(
            Pool, _running.Loop, new CensorshipWatch(Pool, gossip, _running.Loop, TimeSpan.FromSeconds(10)),
            _door.Clock);
    }

    [Fact]
    public async Task Half_of_the_patience_brings_it_before_all_again_and_once_only()
    {
        var passedOver = PassOver();

        LookAfter(5);
        Assert.False(_mesh[1].Inbox.Reader.TryRead(out _));
        LookAfter(0.001);
        LookAfter(1);
        var frame = await _mesh[1].NextFrameAsync();

        Assert.True(frame.Payload.AsSpan()
            .IndexOf(passedOver.Encoded.Span) >= 0, "the frame holds another transaction");
        Assert.Empty(await _running.SoFarAsync());

        // A later frame for all shows that nothing else was on its way.
        _mesh[0].Network.Send(FrameKindOfMark, new byte[] { 9 });
        Assert.Equal([9], (await _mesh[1].NextFrameAsync()).Payload);
    }

    [Fact]
    public async Task All_of_the_patience_blames_the_primary()
    {
        PassOver();

        LookAfter(10);
        Assert.Empty(await _running.SoFarAsync());
        LookAfter(0.001);

        Assert.Equal([new Input.RequestOverdue(View.Zero)], await _running.SoFarAsync());
    }

    [Fact]
    public async Task Who_was_served_in_time_blames_nobody()
    {
        var passedOver = PassOver();
        LookAfter(9);
        Pool.Remove([passedOver]);

        LookAfter(100);

        Assert.Empty(await _running.SoFarAsync());
    }

    [Fact]
    public async Task An_idle_network_blames_nobody()
    {
        Pool.TryAdd(_door.Put());

        LookAfter(1000);

        Assert.Empty(await _running.SoFarAsync());
    }

    [Fact]
    public void What_has_expired_leaves_the_pool()
    {
        Pool.TryAdd(_door.Put());

        LookAfter(3600);
        Assert.Equal(1, Pool.Count);
        LookAfter(0.001);
        Assert.Equal(0, Pool.Count);
    }

    [Fact]
    public async Task It_looks_once_a_second_until_it_is_stopped()
    {
        using CancellationTokenSource stop = new();
        TaskCompletionSource emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Pool.OnPending = any =>
        {
            if (!any)
            {
                emptied.TrySetResult();
            }
        };
        Pool.TryAdd(Keys.Sign(Keys.TimeOf(_door.Clock), Keys.Writer, new Operation.Delete("open", "k")));
        var runs = _housekeeping.RunAsync(stop.Token);

        _door.Clock.Advance(0.999);
        Assert.Equal(1, Pool.Count);
        _door.Clock.Advance(0.001);
        await emptied.Task.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken);

        await stop.CancelAsync();
        await runs.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _gossips;
        await _mesh.DisposeAsync();
        await _running.DisposeAsync();
        await _door.DisposeAsync();
        _stop.Dispose();
    }

    private static Node.Transport.FrameKind FrameKindOfMark => Node.Transport.FrameKind.Transactions;

    /// <summary>
    /// A transaction that waits from now on, while three others, which came later, become final.
    /// </summary>
    private Transaction PassOver()
    {
        var transaction = _door.Put();
        Assert.Equal(AdmitResult.Added, Pool.TryAdd(transaction));
        Pool.Remove([_door.Put(), _door.Put(), _door.Put()]);
        return transaction;
    }

    private void LookAfter(double seconds)
    {
        _door.Clock.Advance(seconds);
        _housekeeping.Look();
    }
}
