using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Gossip;
using Ledger.Node.Tests.Mempool;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Consensus;

/// <summary>
/// Raft: what waits at a follower for longer than a second is sent to the leader again, and to nobody else.
/// </summary>
public sealed class LeaderReminderTests : IAsyncLifetime
{
    private static readonly ValidatorIndex Leader = new(1);

    private readonly Door _door = new();
    private TestMesh _mesh = null!;
    private LeaderReminder _reminder = null!;

    public async ValueTask InitializeAsync()
    {
        _mesh = await TestMesh.StartAsync(3);
        _reminder = new(
            _door.Pool, new TransactionGossip(_mesh[0].Network, _door.Admission, trustsPeers: true));
    }

    [Fact]
    public async Task What_waits_for_more_than_a_second_goes_to_the_leader_alone()
    {
        var late = Wait();
        _door.Clock.Advance(1);
        _reminder.Look(Following(Leader));
        await NothingCameAsync(1);

        _door.Clock.Advance(0.001);
        _reminder.Look(Following(Leader));
        var frame = await _mesh[1].NextFrameAsync();
        Assert.True(
            frame.Payload.AsSpan().IndexOf(late.Encoded.Span) >= 0, "the frame holds another transaction");
        await NothingCameAsync(2);
    }

    [Fact]
    public async Task It_is_sent_again_until_it_is_final_to_whoever_leads_by_then()
    {
        var late = Wait();
        _door.Clock.Advance(2);
        _reminder.Look(Following(Leader));
        await _mesh[1].NextFrameAsync();
        _reminder.Look(Following(new(2)));
        Assert.True((await _mesh[2].NextFrameAsync()).Payload.AsSpan().IndexOf(late.Encoded.Span) >= 0);

        _door.Pool.Remove([late]);
        _reminder.Look(Following(Leader));
        await NothingCameAsync(1);
    }

    [Fact]
    public async Task A_leader_reminds_nobody_and_without_a_leader_nobody_is_reminded()
    {
        Wait();
        _door.Clock.Advance(100);
        _reminder.Look(new(new(3), Entered: true, IsPrimary: true, Height.Genesis, new(0)));
        _reminder.Look(new(new(3), Entered: false, IsPrimary: false, Height.Genesis, Primary: null));
        await NothingCameAsync(1);
        await NothingCameAsync(2);
    }

    public async ValueTask DisposeAsync()
    {
        await _mesh.DisposeAsync();
        await _door.DisposeAsync();
    }

    private static ConsensusPosition Following(ValidatorIndex leader)
        => new(new(3), Entered: true, IsPrimary: false, Height.Genesis, leader);

    private Transaction Wait()
    {
        var transaction = _door.Put();
        Assert.Equal(AdmitResult.Added, _door.Pool.TryAdd(transaction));
        return transaction;
    }

    /// <summary>A mark, sent now, is the next that this one hears.</summary>
    private async Task NothingCameAsync(int peer)
    {
        _mesh[0].Network.Send(FrameKind.Transactions, new byte[] { 9 }, new(peer));
        Assert.Equal([9], (await _mesh[peer].NextFrameAsync()).Payload);
    }
}
