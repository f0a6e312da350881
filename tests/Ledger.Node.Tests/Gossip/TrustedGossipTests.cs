using Ledger.Core;
using Ledger.Node.Gossip;
using Ledger.Node.Tests.Mempool;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Gossip;

/// <summary>
/// Where validators trust each other: the leader alone hears of a transaction, whose signature is checked
/// once.
/// </summary>
public sealed class TrustedGossipTests : IAsyncLifetime
{
    private readonly Door _door = new();
    private readonly CancellationTokenSource _stop = new();
    private TestMesh _mesh = null!;
    private TransactionGossip _gossip = null!;
    private Task _runs = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _mesh = await TestMesh.StartAsync(3);
        _gossip = new(_mesh[0].Network, _door.Admission, trustsPeers: true);
        _runs = _gossip.RunAsync(_stop.Token);
    }

    [Fact]
    public async Task The_leader_alone_is_sent_what_was_admitted()
    {
        var admitted = _door.Put();
        _gossip.Follow(new(2));
        _gossip.Broadcast([admitted]);

        Assert.True((await _mesh[2].NextFrameAsync()).Payload.AsSpan().IndexOf(admitted.Encoded.Span) >= 0);
        await NothingCameAsync(1);
        Assert.Equal((false, true), (_gossip.Serves(new(1)), _gossip.Serves(new(2))));
    }

    [Fact]
    public async Task Who_leads_itself_and_who_knows_no_leader_send_nothing()
    {
        foreach (ValidatorIndex? leader in new ValidatorIndex?[] { null, new(0) })
        {
            _gossip.Follow(leader);
            _gossip.Broadcast([_door.Put()]);
        }

        // What is sent after these shows that they were passed over.
        var later = _door.Put();
        _gossip.Follow(new(1));
        _gossip.Broadcast([later]);
        byte[] frame;
        do
        {
            frame = (await _mesh[1].NextFrameAsync()).Payload;
        }
        while (frame.AsSpan().IndexOf(later.Encoded.Span) < 0);

        await NothingCameAsync(2);
    }

    /// <summary>The one that a client came to has checked it; nobody here lies.</summary>
    [Fact]
    public async Task A_signature_that_a_peer_has_checked_is_not_checked_again()
    {
        var forged = Keys.Forged(_door.Put());

        var answers = await _door.Admission.AdmitAsync(
            [forged.Encoded], isVouched: true, TestContext.Current.CancellationToken);
        Assert.True(Assert.Single(answers).IsAdmitted);

        var another = Keys.Forged(_door.Put());
        Assert.False((await _door.AdmitAsync(another)).IsAdmitted);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _runs;
        await _mesh.DisposeAsync();
        await _door.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>A mark, sent now, is the next that this one hears.</summary>
    private async Task NothingCameAsync(int peer)
    {
        _mesh[0].Network.Send(FrameKind.Transactions, new byte[] { 9 }, new(peer));
        Assert.Equal([9], (await _mesh[peer].NextFrameAsync()).Payload);
    }
}
