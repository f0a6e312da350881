using Ledger.Core;
using Ledger.Node.Configuration;
using Ledger.Node.Sync;
using Ledger.Node.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace Ledger.Node.Hosting;

/// <summary>
/// The node while its ledger is replaced by a snapshot: it speaks to peers about nothing else, is alive and
/// not ready, and shows how far it is.
/// </summary>
internal sealed class StateSyncHost : IAsyncDisposable, IPeerObserver
{
    /// <summary>How long all peers are waited for: the more serve, the sooner it is done.</summary>
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(2);

    private readonly NodeParts _parts;

    /// <summary>As far as the ledger that is to be replaced knows them.</summary>
    private readonly ValidatorHistory _validators;
    private readonly PeerNetwork _network;
    private readonly StateSync _sync;
    private readonly WebApplication _web;
    private readonly TaskCompletionSource _connected = new(
        TaskCreationOptions.RunContinuationsAsynchronously);

    public StateSyncHost(NodeOptions options, NodeParts parts, ILoggerFactory logs, LogLevels levels)
    {
        _parts = parts;
        var genesis = parts.Genesis;
        _validators = parts.ReadValidators();
        var clock = TimeProvider.System;
        var registry = Metrics.NewCustomRegistry();
        var metrics = Metrics.WithCustomRegistry(registry);
        var router = new FrameRouter();
        _network = new(
            new TransportOptions
            {
                Listen = options.PeerListen,
                Peers = NodeParts.PeersOf(options, _validators, genesis),
            },
            new(genesis.ChainId, genesis.Hash, parts.Key, _validators.Current), router, this,
            new(metrics), clock, logs.CreateLogger<PeerNetwork>());
        var client = new SnapshotClient(_network, clock);
        router.On(FrameKind.SnapshotResponse, client.OnResponseAsync);
        _sync = new(
            _network, client, genesis, _validators.Current, parts.Root, parts.Store.Head?.Height
            ?? Height.Genesis, clock,
            logs.CreateLogger<StateSync>());
        var done = metrics.CreateGauge("ledger_state_sync_chunks", "Chunks of a snapshot that are here.");
        var all = metrics.CreateGauge("ledger_state_sync_chunks_wanted", "Chunks that the snapshot has.");
        registry.AddBeforeCollectCallback(() =>
        {
            done.Set(_sync.Progress.Done);
            all.Set(_sync.Progress.All);
        });
        _web = SyncingWebHost.Build(
            options, registry, logging => NodeLogging.Configure(logging, options, levels),
                () => _sync.Progress);
    }

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await _network.StartAsync(stop.Token).ConfigureAwait(false);
        await _web.StartAsync(stop.Token).ConfigureAwait(false);
        try
        {
            await Task.WhenAny(_connected.Task, Task.Delay(ConnectMax, stop.Token)).ConfigureAwait(false);
            await _sync.RunAsync(_parts.Store.Dispose, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops; what was fetched stays for the next start.
        }

        await _web.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _network.StopAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public void PeerConnected(ValidatorIndex peer)
    {
        var others = _validators.Current.Members.Count(
            validator => validator.PublicKey != _parts.Key.PublicKey);
        if (_network.Connected.Count >= others)
        {
            _connected.TrySetResult();
        }
    }

    public void PeerDisconnected(ValidatorIndex peer)
    {
        // The transport dials again.
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync().ConfigureAwait(false);
        _network.Dispose();
    }
}
