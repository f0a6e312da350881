using System.Threading.Channels;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;
using Ledger.Node.Hosting;
using Ledger.Node.Sync;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.Node.Tests.Sync;

/// <summary>
/// A block that a validator has voted for may, after a restart, be in no other place than its journal. Peers
/// that hold a certificate for it ask for it by its hash, and nobody would ever have it.
/// </summary>
public sealed class JournalBlocksTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FinalChain _chain = new(new TestChain(2), TimeProvider.System);
    private readonly Channel<byte[]> _answers = Channel.CreateUnbounded<byte[]>();
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task A_block_that_only_the_journal_holds_is_given_to_a_peer_that_asks_for_it()
    {
        var block = _chain.Propose(_chain.Machine.HeadHash, Keys.Put(_chain.Clock));
        await using TestPeer peer = new(new NodeIdentity(
            _chain.Genesis.ChainId, _chain.Genesis.Hash, TestChain.KeyOf(1), _chain.Genesis.Validators));
        peer.Router.On(FrameKind.Response, (_, payload, _) =>
        {
            _answers.Writer.TryWrite(payload.ToArray());
            return ValueTask.FromResult(FrameVerdict.Ok);
        });
        peer.Router.On(FrameKind.Request, (_, _, _) => ValueTask.FromResult(FrameVerdict.Ok));
        await peer.StartAsync();
        var options = await WriteNodeAsync(peer.Address.Port);
        using (var before = NodeParts.Open(options))
        {
            before.Journal.Append([PbftCodec.EncodeRecord(new Accepted(View.Zero, block))]);
        }

        using var parts = NodeParts.Open(options);
        await using NodeHost host = new(options, parts, NullLoggerFactory.Instance, new("information"));
        var runs = host.RunAsync(_stop.Token);
        await peer.UntilConnectedAsync(0);
        BlockRequest question = new(7, block.Hash, block.Height);
        peer.Network.Send(FrameKind.Request, question.Encode(), new ValidatorIndex(0));

        using CancellationTokenSource deadline = new(TestChain.Deadline);
        Assert.True(BlockResponse.TryDecode(await _answers.Reader.ReadAsync(deadline.Token), out var answer));
        Assert.Equal(7UL, answer.Id);
        Assert.Equal(block.Encoded.ToArray(), Assert.Single(answer.Blocks).ToArray());
        await _stop.CancelAsync();
        Assert.Equal(NodeEnd.Stopped, await runs);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
        _chain.Dispose();
        _folder.Dispose();
    }

    /// <summary>The first of two validators, which dials the other.</summary>
    private async Task<NodeOptions> WriteNodeAsync(int peerPort)
    {
        await File.WriteAllTextAsync(_folder.Sub("genesis.json"), GenesisFile.Write(_chain.Genesis));
        KeyFile.Create(_folder.Sub("key.json"), TestChain.KeyOf(0), passphrase: null);
        await File.WriteAllTextAsync(
            _folder.Sub("node.json"),
            $$"""
            {
              "genesisFile": "genesis.json", "keyFile": "key.json", "dataDir": "data",
              "peers": { "listen": "127.0.0.1:0", "endpoints": { "validator-1": "127.0.0.1:{{peerPort}}" } },
              "http": { "listen": "127.0.0.1:0" }, "admin": { "listen": "127.0.0.1:0" },
              "log": { "level": "error" }
            }
            """);
        return NodeOptionsLoader.Load(
            _folder.Sub("node.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
    }
}
