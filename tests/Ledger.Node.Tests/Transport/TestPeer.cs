using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Transport;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace Ledger.Node.Tests.Transport;

internal sealed record ReceivedFrame(ValidatorIndex From, FrameKind Kind, byte[] Payload);

/// <summary>A chain's validators, the same in every run.</summary>
internal sealed class TestChain(int validators, string chainId = "test", byte genesis = 7)
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly SigningKey[] _keys = [.. Enumerable.Range(0, validators).Select(KeyOf)];

    public string ChainId => chainId;

    public Digest Genesis { get; } = new([.. Enumerable.Repeat(genesis, Digest.Size)]);

    public ValidatorSet Validators => new(
        [.. _keys.Select((key, i) => new Validator($"validator-{i}", key.PublicKey))],
        Quorums.Byzantine(_keys.Length));

    public SigningKey Key(int index) => _keys[index];

    public NodeIdentity Identity(int index) => new(chainId, Genesis, _keys[index], Validators);

    public static SigningKey KeyOf(int number)
        => SigningKey.FromSeed([.. Enumerable.Repeat((byte)(number + 1), SigningKey.SeedSize)]);
}

/// <summary>One network on a loopback port, its events and its log as things to wait for.</summary>
internal sealed class TestPeer : IPeerObserver, ILogger<PeerNetwork>, IAsyncDisposable
{
    private readonly TransportOptions _options;
    private readonly List<PeerEndpoint> _endpoints = [];
    private readonly Channel<bool> _changes = Channel.CreateUnbounded<bool>();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentQueue<string> _events = new();
    private readonly MetricFactory _factory;
    private PeerNetwork? _network;

    public TestPeer(
        TestChain chain, int index, int port = 0, Func<TransportOptions, TransportOptions>? with = null)
        : this(chain.Identity(index), port, with)
    {
    }

    public TestPeer(
        NodeIdentity identity, int port = 0, Func<TransportOptions, TransportOptions>? with = null)
    {
        Identity = identity;
        _factory = Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry());
        Metrics = new(_factory);
        var options = new TransportOptions
        {
            Listen = new(IPAddress.Loopback, port),
            Peers = _endpoints,
            RedialMin = TimeSpan.FromMilliseconds(20),
            RedialMax = TimeSpan.FromMilliseconds(200),
        };
        foreach (var kind in new[] { FrameKind.Consensus, FrameKind.Transactions })
        {
            Router.On(kind, (from, payload, token) => OnFrameAsync(kind, from, payload, token));
        }

        _options = with is null ? options : with(options);
    }

    public NodeIdentity Identity { get; }

    public FrameRouter Router { get; } = new();

    public TransportMetrics Metrics { get; }

    public Channel<ReceivedFrame> Inbox { get; } = Channel.CreateUnbounded<ReceivedFrame>();

    public bool FailureIsExpected { get; set; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What a frame is answered with; by default all is well.</summary>
    public Func<ReceivedFrame, CancellationToken, ValueTask<FrameVerdict>>? Judge { get; set; }

    public PeerNetwork Network
        => _network ??= new(_options, Identity, Router, this, Metrics, Clock, this);

    public IPEndPoint Address => Network.Bind();

    public IReadOnlyCollection<string> Log => _log;

    public IReadOnlyCollection<string> Events => _events;

    public void Knows(TestPeer other) => Knows(other.Identity.Self.Value, other.Address.Port);

    public void Knows(int validator, int port, string host = "127.0.0.1")
        => _endpoints.Add(new(new(validator), host, port));

    /// <summary>A factory gives the one metric of a name, so this reads what the transport counts.</summary>
    public double Refused(string reason)
        => _factory.CreateCounter("ledger_handshakes_refused_total", "", "reason").WithLabels(reason).Value;

    public double Dropped(string peer, string reason)
        => _factory.CreateCounter("ledger_peer_messages_dropped_total", "", "peer", "reason")
            .WithLabels(peer, reason).Value;

    public double HeldBack(string peer)
        => _factory.CreateCounter("ledger_peer_held_back_seconds_total", "", "peer").WithLabels(peer).Value;

    public double ConnectedCount => _factory.CreateGauge("ledger_peers_connected", "").Value;

    public async Task<TestPeer> StartAsync()
    {
        _ = Network.Bind();
        await Network.StartAsync(CancellationToken.None);
        return this;
    }

    /// <summary>
    /// Waits until the condition holds; looks again whenever something was logged or observed.
    /// </summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        try
        {
            while (!condition())
            {
                await _changes.Reader.ReadAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It did not come about in time. Log of {Identity.Self}:\n{string.Join('\n', _log)}");
        }
    }

    public Task UntilConnectedAsync(params int[] validators)
        => UntilAsync(() => validators.All(validator => Network.Connected.Contains(new(validator))));

    public Task UntilLoggedAsync(string part)
        => UntilAsync(() => _log.Any(line => line.Contains(part, StringComparison.Ordinal)));

    public async Task<ReceivedFrame> NextFrameAsync()
    {
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        return await Inbox.Reader.ReadAsync(deadline.Token);
    }

    public void PeerConnected(ValidatorIndex peer) => Note(_events, $"+{peer}");

    public void PeerDisconnected(ValidatorIndex peer) => Note(_events, $"-{peer}");

    public async ValueTask DisposeAsync()
    {
        if (_network is null)
        {
            return;
        }

        await _network.StopAsync(CancellationToken.None);
        _network.Dispose();
        if (_network.ExecuteTask is { } task && !FailureIsExpected)
        {
            await task;
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
        => Note(_log, $"{logLevel}: {formatter(state, exception)} {exception}");

    private void Note(ConcurrentQueue<string> where, string what)
    {
        where.Enqueue(what);
        _changes.Writer.TryWrite(true);
    }

    private async ValueTask<FrameVerdict> OnFrameAsync(
        FrameKind kind, ValidatorIndex from, ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
    {
        var frame = new ReceivedFrame(from, kind, payload.ToArray());
        var verdict = Judge is { } judge ? await judge(frame, cancellationToken) : FrameVerdict.Ok;
        await Inbox.Writer.WriteAsync(frame, cancellationToken);
        return verdict;
    }
}

/// <summary>Several networks that know each other.</summary>
internal sealed class TestMesh : IAsyncDisposable
{
    private readonly List<TestPeer> _peers = [];

    public TestPeer this[int index] => _peers[index];

    public static async Task<TestMesh> StartAsync(
        int count, Func<TransportOptions, TransportOptions>? with = null, Action<TestPeer>? prepare = null)
    {
        var chain = new TestChain(count);
        var mesh = new TestMesh();
        for (var i = 0; i < count; i++)
        {
            mesh._peers.Add(new(chain, i, with: with));
            prepare?.Invoke(mesh[i]);
        }

        foreach (var peer in mesh._peers)
        {
            mesh._peers.Where(other => other != peer).ToList().ForEach(peer.Knows);
        }

        await Task.WhenAll(mesh._peers.Select(peer => peer.StartAsync()));
        foreach (var peer in mesh._peers)
        {
            await peer.UntilConnectedAsync(
                [.. Enumerable.Range(0, count).Except([peer.Identity.Self.Value])]);
        }

        return mesh;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers)
        {
            await peer.DisposeAsync();
        }
    }
}
