using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Ledger.Node.Consensus;
using Ledger.Node.Flight;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;
using Ledger.Node.Offences;
using Ledger.Node.Sync;
using Ledger.Node.Tracing;
using Ledger.Node.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Prometheus;

namespace Ledger.Node.Hosting;

/// <summary>
/// The running node: joins the rooms (transport, mempool, consensus, execution, API) by their channels and
/// owns their tasks. Whichever of them ends first ends the node.
/// </summary>
internal sealed class NodeHost : IAsyncDisposable, IPeerObserver
{
    private readonly NodeParts _parts;
    private readonly NodeOptions _options;
    private readonly ILogger _logger;
    private readonly SharedPool _pool;
    private readonly Admission _admission;
    private readonly TransactionGossip _gossip;
    private readonly PeerNetwork _network;
    private readonly ValidatorDirectory _directory;
    private readonly Farewell _farewell;
    private readonly MembersNews _members;
    private readonly IConsensusProtocol _protocol;
    private readonly ConsensusLoop _loop;
    private readonly Replica _replica;
    private readonly FlightRecorder? _recorder;
    private readonly ExecutionService _execution;
    private readonly BlockSync _sync;
    private readonly SnapshotShelf _shelf;
    private readonly LedgerKeeper _keeper;
    private readonly SilenceWatch? _silence;
    private readonly TaskCompletionSource _snapshotWanted = new(
        TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Housekeeping _housekeeping;
    private readonly EvidenceService _evidence;
    private readonly HeavyReads _heavyReads;
    private readonly WebApplication _web;
    private readonly TracerProvider? _tracing;

    public NodeHost(NodeOptions options, NodeParts parts, ILoggerFactory logs, LogLevels levels)
    {
        _options = options;
        _parts = parts;
        _logger = logs.CreateLogger("Ledger.Node");
        var genesis = parts.Genesis;
        var clock = TimeProvider.System;
        var registry = Metrics.NewCustomRegistry();
        var metrics = Metrics.WithCustomRegistry(registry);

        var machine = new LedgerMachine(genesis, parts.Store);
        var verifications = metrics.CreateCounter(
            "ledger_signature_verifications_total", "Ed25519 signatures checked.");
        _directory = parts.IsWitness
            ? ValidatorDirectory.Of(genesis, parts.Key.PublicKey, parts.Told)
            : ValidatorDirectory.Open(genesis, parts.Key.PublicKey, machine, parts.Store);
        var signatures = new ValidatorSignatures(_directory, verifications);
        _protocol = ConsensusProtocol.Of(_directory, options, signatures, parts.IsWitness);
        var consensusMetrics = new ConsensusMetrics(metrics, _protocol.ViewWord);
        var diary = new ConsensusDiary(_directory.History.Seats, clock);
        var tail = new JournalTail(_directory.NameOf);
        var journal = new NodeJournal(_protocol, parts.Journal, consensusMetrics, diary, tail);
        JournalRecord[] records = [.. journal.Records()];
        var (engine, engineStatus) = _protocol.Make(
            new(genesis.Block.Hash, parts.Store.RecentHashes(256), machine.Head.Height), records);
        _loop = new(
            engineStatus, _directory.History.Seats, consensusMetrics, logs.CreateLogger<ConsensusLoop>());
        _pool = new(options.Mempool, clock)
        {
            OnPending = any => _loop.Post(new Input.WorkPending(any)),
        };
        _admission = new(genesis, new HeadState(parts.Store), _pool, clock, metrics);
        var waiters = new FinalityWaiters();
        _tracing = NodeTracing.Export(options, genesis.ChainId, _directory.SelfName);
        var blockTraces = _tracing is null
            ? BlockTraces.Off : new BlockTraces(clock, options.TraceSamplePerMille);
        var transactionTraces = new TransactionTraces(clock);
        var lag = new SyncLag(_directory.History.Seats, _protocol.LiarsMax)
        {
            Reached = parts.IsWitness ? Reached : null,
        };
        var recent = new RecentBlocks();
        var inbound = new InboundConsensus(
            _protocol, _loop, lag, diary, Reached, message => _silence?.Heard(message));
        var router = new FrameRouter();
        _network = new(
            new TransportOptions
            {
                Listen = options.PeerListen,
                Peers = NodeParts.PeersOf(options, _directory.History, genesis),
            },
            new(genesis.ChainId, genesis.Hash, parts.Key, _directory.Seated), router, this,
            new(metrics), clock, logs.CreateLogger<PeerNetwork>());
        var roster = new Roster(_directory, _network.Follow);
        _members = new(_network, _directory);
        _farewell = new(_protocol, _loop, _directory, _network, clock);
        var succession = new Succession(
            parts, _protocol, _directory, _loop, diary, lag, roster, _members, _logger);
        _loop.OnMembers = roster.OnLog;
        _gossip = new(_network, _admission, _protocol.TrustsPeers);
        var snapshots = new SnapshotClient(_network, clock);
        _sync = new(
            _network, parts.Store, inbound, waiters, clock, logs.CreateLogger<BlockSync>(),
            (head, stop) => TakesSnapshotAsync(snapshots, head, stop));
        _shelf = new(parts.Root, clock);
        var server = new BlockServer(_network, parts.Store, recent, _shelf.Needs);
        _keeper = new(
            genesis, parts.Store, _shelf, options.RetentionBlocks, logs.CreateLogger<LedgerKeeper>());
        _silence = parts.Journal.IsSilent
            ? new(_protocol.Silence(), snapshots, parts.Store, _loop, clock, _logger)
            : null;
        _evidence = new(
            _directory, parts.Store, _network, new(genesis.ChainId, parts.Key, _admission, _gossip, clock),
            signatures, clock, logs.CreateLogger<EvidenceService>());
        router.On(FrameKind.Consensus, inbound.OnFrameAsync)
            .On(FrameKind.Transactions, _gossip.OnFrameAsync)
            .On(FrameKind.Request, server.OnRequestAsync)
            .On(FrameKind.Response, _sync.OnResponseAsync)
            .On(FrameKind.Evidence, _evidence.OnFrameAsync)
            .On(FrameKind.SnapshotRequest,
                new SnapshotServer(_network, parts.Store, _shelf, () => _loop.Position.View).OnRequestAsync)
            .On(FrameKind.SnapshotResponse, snapshots.OnResponseAsync);
        router.On(
            FrameKind.Members,
            parts.IsWitness
                ? new MembersHearing(genesis, parts.Root, parts.Told, succession.ByWord).OnFrameAsync
                : MembersHearing.IgnoreAsync);

        var ledgerMetrics = new LedgerMetrics(metrics, parts.Store, _pool, lag, genesis, registry);
        var alertMetrics = new AlertMetrics(
            metrics, _directory, options.Mempool, options.DataDir, clock, registry);
        _execution = new(
            machine, _pool, _admission, _directory.Self, options.Proposal, clock, _loop.Post, recent.Add,
            final =>
            {
                foreach (var block in final)
                {
                    _pool.Remove(block.Block.Transactions);
                    recent.Remove(block.Block.Hash);
                    ledgerMetrics.Finalised(block);
                    alertMetrics.Finalised(block);
                    transactionTraces.Finalised(block);
                    waiters.OnFinal(block);
                }

                lag.WeAreAt(final[^1].Block.Height);
                diary.Finalised();
            },
            new(options.SnapshotEveryBlocks, _keeper.Take))
        {
            Traces = blockTraces,
            OnValidatorsChanged = succession.ByLedger,
        };
        _pool.OnReady = _execution.OnTransactionReady;
        var reads = new LinearizableReads(_loop.Post, () => parts.Store.Head!.Height, waiters, clock);
        var transfer = new LeadershipTransfer(_protocol, _loop, _directory, clock);
        var members = new MemberChanges(_protocol, _loop, _directory, _network.Probe, clock);
        var world = new NodeWorld(
            _protocol, _directory, _loop, _network, _sync, _execution, recent, _evidence, reads, transfer,
            members, Led, clock, consensusMetrics, diary, logs.CreateLogger<NodeWorld>())
        {
            Traces = blockTraces,
        };
        _recorder = options.FlightRecorderMiB == 0 ? null : new(
            () => new(
                genesis.ChainId, genesis.Hash, _directory.Self, _directory.History.Seats, NodeStatus.Version),
            options.DataDir, options.FlightRecorderMiB, clock, logs.CreateLogger<FlightRecorder>());
        _replica = new(
            engine, journal, new NodeVoice(parts.Key, _directory), world, _recorder, parts.Journal.IsSilent);
        foreach (var block in _protocol.ProposalsIn(records))
        {
            recent.Add(block);
        }

        _replica.Recover(records);
        _housekeeping = new(_pool, _loop, _protocol.Watch(_pool, _gossip, _loop), clock);

        var duty = new Duty { OnRest = Rest };
        var vitals = new NodeVitals(options, _directory, _loop, diary, _pool, lag);
        var status = new NodeStatus(
            _directory, _protocol, parts.Store, _loop, _pool, _network, lag, vitals, duty, clock,
            parts.Journal, parts.IsWitness);
        registry.AddBeforeCollectCallback(() =>
        {
            consensusMetrics.Stands(_loop.Position);
            if (parts.IsWitness)
            {
                ledgerMetrics.Committed(Reached());
            }
        });
        RequestMemory memory = new(WebHost.RequestBytesMax);
        _heavyReads = new(memory);
        _web = WebHost.Build(
            options, status, registry,
            new TransactionEndpoints(
                parts.Store, _pool, _admission, _gossip, waiters, () => status.Obstacle, transactionTraces,
                memory),
            new LookEndpoints(genesis, parts.Store, _directory, waiters, new(genesis, parts.Store),
                new(reads), _heavyReads, () => _loop.Position.Members),
            new ReceiptEndpoints(genesis, parts.Store, _heavyReads),
            new EvidenceEndpoints(_directory, parts.Store, _evidence),
            new TransferEndpoint(transfer, _directory),
            new MembersEndpoint(members),
            new(parts.Store, _heavyReads),
            new CheckpointEndpoints(parts.Store, parts.Root),
            new(options, status, levels, duty, tail, _loop, _pool, waiters, _gossip, _logger),
            levels, parts.IsWitness ? new WitnessRefusal(_directory, _loop) : null);
    }

    /// <summary>Where the API and, second, administration answer: a port 0 is a real one by then.</summary>
    public IReadOnlyList<string> Addresses => [.. _web.Urls];

    /// <summary>Runs until it is told to stop, or a part fails.</summary>
    public async Task<NodeEnd> RunAsync(CancellationToken stoppingToken)
    {
        NodeLog.Starts(
            _logger, _directory.SelfName, _parts.Genesis.ChainId, Reached(), _parts.Genesis.Hash);
        if (_parts.IsWitness)
        {
            NodeLog.IsWitness(_logger);
        }

        if (_directory.Removal is { } removal)
        {
            NodeLog.Removed(_logger, removal);
        }
        else if (!_directory.IsMember)
        {
            NodeLog.Joins(_logger, _parts.Key.PublicKey);
        }

        if (_directory.Validators.Quorums.Faulty == 0)
        {
            NodeLog.TooFew(
                _logger, _directory.Validators.Count, _parts.Genesis.Mode, _protocol.ValidatorsForOneFault);
        }

        if (_silence is not null)
        {
            NodeLog.IsSilent(_logger);
        }

        using CancellationTokenSource stop = new();
        await Listening.StartAsync(
            [("peers.listen", _options.PeerListen)], () => _network.StartAsync(stop.Token))
            .ConfigureAwait(false);
        await Listening.StartAsync(
            [("http.listen", _options.HttpListen), ("admin.listen", _options.AdminListen)],
            () => _web.StartAsync(stop.Token)).ConfigureAwait(false);
        NodeLog.Serves(_logger, new Uri(Addresses[0]).Authority);

        Task[] parts =
        [
            DedicatedThread.Run("consensus", () => _loop.Run(_replica, stop.Token)),
            DedicatedThread.Run("execution", () => _execution.Run(stop.Token)),
            _network.ExecuteTask!, _gossip.RunAsync(stop.Token), _sync.RunAsync(stop.Token),
            _housekeeping.RunAsync(stop.Token), _evidence.RunAsync(stop.Token), _keeper.RunAsync(stop.Token),
            _silence?.RunAsync(stop.Token) ?? Task.Delay(Timeout.Infinite, stop.Token),
            _snapshotWanted.Task.WaitAsync(stop.Token),
        ];
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var onAsked = stoppingToken.Register(asked.SetResult);
        var first = await Task.WhenAny([.. parts, _parts.Store.Damage, asked.Task]).ConfigureAwait(false);
        NodeLog.Stops(_logger);

        await _farewell.SayAndWaitAsync().ConfigureAwait(false);

        // In reverse order of start: no more requests, no more peers, then consensus and execution.
        await _web.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _network.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first.Exception?.InnerException is { } failure)
        {
            NodeLog.Failed(_logger, failure.Message);
            return NodeEnd.Failed;
        }

        if (stoppingToken.IsCancellationRequested)
        {
            return NodeEnd.Stopped;
        }

        if (_silence?.Oath is { } oath)
        {
            _parts.Journal.EndSilence(
                [.. oath.Select(record => (ReadOnlyMemory<byte>)_protocol.EncodeRecord(record))]);
            NodeLog.MaySpeak(_logger);
            return NodeEnd.MaySpeak;
        }

        return _snapshotWanted.Task.IsCompleted ? NodeEnd.WantsSnapshot : NodeEnd.Stopped;
    }

    /// <summary>Looks at what peers have, and leaves the blocks for a snapshot if that is better.</summary>
    private async Task<bool> TakesSnapshotAsync(
        SnapshotClient client, Height head, CancellationToken stoppingToken)
    {
        if (!_options.TakesSnapshots)
        {
            return false;
        }

        var offers = await client.OffersAsync(head, stoppingToken).ConfigureAwait(false);
        if (!SyncChoice.PrefersSnapshot(head, [.. offers.Select(offer => offer.Offer)], _protocol.LiarsMax))
        {
            return false;
        }

        _snapshotWanted.TrySetResult();
        return true;
    }

    /// <summary>The last block that is final here; of a witness, that it knows to be committed.</summary>
    private Height Reached() => _parts.IsWitness ? _loop.Position.Committed : _parts.Store.Head!.Height;

    /// <summary>To leave proposing to others, until told otherwise.</summary>
    private void Rest(bool rests)
    {
        _execution.Rest(rests);
        if (rests)
        {
            _farewell.Say();
        }
    }

    public void PeerConnected(ValidatorIndex peer)
    {
        _members.Tell(peer);
        _loop.Post(new Input.PeerConnected(peer));
        _evidence.SendTo(peer);
        if (_gossip.Serves(peer))
        {
            _gossip.SendTo(peer, _pool.Oldest(TransactionGossip.RepeatMax));
        }
    }

    public void PeerDisconnected(ValidatorIndex peer)
    {
        // The transport dials again; what was lost is repeated when it connects.
    }

    /// <summary>What waits here the last leader may have lost: the next one is told of all of it.</summary>
    private void Led(ValidatorIndex? leader)
    {
        _gossip.Follow(leader);
        if (leader is { } other && other != _directory.Self)
        {
            _gossip.Broadcast(_pool.Oldest(_options.Mempool.MaxTransactions));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync().ConfigureAwait(false);
        _heavyReads.Dispose();
        _network.Dispose();
        await _admission.DisposeAsync().ConfigureAwait(false);
        if (_recorder is not null)
        {
            await _recorder.DisposeAsync().ConfigureAwait(false);
        }

        _loop.Dispose();
        _execution.Dispose();
        _keeper.Dispose();
        _shelf.Dispose();
        _tracing?.Dispose();
    }
}
