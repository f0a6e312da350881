using Ledger.Consensus.Flight;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// A whole network in one thread on a virtual clock: validators that run the product's own code, liars among
/// them, their disks and links, and clients; first with faults, then in calm, when everything that waits must
/// become final. All of it follows from its options, byte for byte.
/// </summary>
public sealed class Simulator : IDisposable
{
    /// <summary>How long a transaction may be passed over before its primary is suspected.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Faults stop here even when little has happened by then.</summary>
    private static readonly TimeSpan FaultsMax = TimeSpan.FromMinutes(3);

    /// <summary>
    /// By when everything must be final after the faults have stopped, in longest view timeouts.
    /// </summary>
    private const int CalmTimeouts = 30;

    private const int InFlightMax = 200_000;

    private readonly Dictionary<(Digest Hash, Signature Signature), bool> _signatures = [];
    private readonly FaultDriver _faults;
    private readonly Chance _chance;
    private int _losses;
    private ulong _lastRead;
    private string _doing = "faults";

    /// <param name="options">All that the run depends on.</param>
    /// <param name="listener">Hears what happens; changes nothing.</param>
    /// <param name="recorders">Makes a flight recorder for each life of a validator.</param>
    public Simulator(
        SimulationOptions options, Action<TraceEvent>? listener = null,
        Func<ValidatorIndex, IFlightRecorder>? recorders = null)
    {
        Options = options;
        Trace = new(listener);
        Recorders = recorders;
        _chance = new(options.Seed);
        Plan = new(options.Faults, options.LeftOut, _chance.Fork());
        Genesis = SimulatedGenesis.Of(options, Spares);
        Pbft = Setting.DrawOptions(_chance.Fork());
        Members = ValidatorHistory.Of(Genesis);
        Signatures = new(Seats);
        Protocol = options.IsRaft ? new RaftProtocol(this, new(options.Seed)) : new PbftProtocol(this, Pbft);
        Watch = new(this);
        Conspiracy = new(this, _chance.Fork());
        Clients = [.. Enumerable.Range(0, options.Clients)
            .Select(i => new SimulatedClient(this, i, _chance.Fork()))];
        Hosts = Setting.MakeHosts(this, _chance.Fork());
        Liars = Hosts.Where(host => !host.IsHonest).Select(host => host.Self).Distinct().Count();
        Admin = new(this, new(options.Seed + 1));
        Network = new(this, Hosts.Count, _chance.Fork());
        _faults = new(this, _chance.Fork());
    }

    public SimulationOptions Options { get; }

    /// <summary>What every client invoked and saw.</summary>
    public IReadOnlyList<HistoryEntry> Recorded =>
        [.. History, .. Clients.Select(client => client.Unanswered).OfType<HistoryEntry>()];

    internal Genesis Genesis { get; }

    internal ValidatorSet Validators => Genesis.Validators;

    /// <summary>The validators, as far as any machine's ledger has come.</summary>
    internal ValidatorHistory Members { get; private set; }

    internal SimulatedAdmin Admin { get; }

    /// <summary>Machines that are no validators at first, where members come and go.</summary>
    internal int Spares
        => Options.Nodes > 1 && Plan.Active.Has(Fault.Members) && (Options.Byzantine ?? 0) <= Options.Faulty
            ? 2 : 0;

    /// <summary>How many machines can be validators: seats are given to them in their order.</summary>
    internal int Seats => Options.Nodes + Spares;

    internal PbftOptions Pbft { get; }

    internal IProtocol Protocol { get; }

    internal SimulatedSignatures Signatures { get; }

    internal Agenda Agenda { get; } = new();

    internal TimeSpan Now => Agenda.Now;

    internal RunTrace Trace { get; }

    internal Func<ValidatorIndex, IFlightRecorder>? Recorders { get; }

    internal FaultPlan Plan { get; }

    internal Watch Watch { get; }

    internal SimulatedNetwork Network { get; }

    internal Conspiracy Conspiracy { get; }

    internal IReadOnlyList<Host> Hosts { get; }

    internal IReadOnlyList<SimulatedClient> Clients { get; }

    internal List<HistoryEntry> History { get; } = [];

    internal long Steps { get; set; }

    internal bool ClientsAct { get; private set; } = true;

    internal bool LiarsAct { get; private set; } = true;

    /// <summary>How many validators lie; two live copies of one are one.</summary>
    internal int Liars { get; }

    /// <summary>Whether one more honest validator may fail for good: not where few would vote.</summary>
    internal bool MayLoseOne => Spares == 0 && Liars + _losses < Options.Faulty;

    /// <summary>About what the largest engine keeps in memory.</summary>
    public long EngineBytes => Hosts.Max(host => host.Life?.EngineBytes ?? 0);

    public static SimulationResult Run(SimulationOptions options, Action<TraceEvent>? listener = null)
    {
        using var simulator = new Simulator(options, listener);
        return simulator.Run();
    }

    public SimulationResult Run()
    {
        Breach? breach = null;
        try
        {
            RunFaults();
            RunCalm();
            RunSilence();
            CheckHistory();
        }
        catch (BreachException found)
        {
            breach = new(found.Name, found.Detail, Now);
        }

        if (breach is not null)
        {
            Trace.Tell(Now, TraceKind.Breach, -1, -1, breach.ToString());
        }

        return new(
            Options, breach, Trace.Hash(), Steps, Trace.Events, Now, Watch.Highest.Value, Watch.Transactions,
            Watch.ViewChanges, Plan.Injections, Plan.Counts,
            [.. Hosts.Select(host => host.Liar?.Name).OfType<string>()],
            [.. Strategies.Names.Select(
                name => Hosts.Where(host => host.Liar?.Name == name).Sum(host => host.Liar!.Lies))],
            Watch.Evidence, Watch.Accused, Watch.Reads, Members.Epoch);
    }

    public void Dispose()
    {
        Trace.Dispose();
        foreach (var client in Clients)
        {
            client.Key.Dispose();
        }

        foreach (var host in Hosts)
        {
            host.Dispose();
        }
    }

    /// <summary>Whether it is a validator, or will be, as far as any machine's ledger has come.</summary>
    internal bool IsSeated(Host host) => Members.Seated.Contains(host.Self);

    internal IEnumerable<Host> HostsOf(ValidatorIndex validator)
        => Hosts.Where(host => host.Self == validator);

    internal void CountLoss() => _losses++;

    /// <summary>A name for a read that no other ever had.</summary>
    internal ulong NextRead() => ++_lastRead;

    /// <summary>
    /// Runs a piece of a process; when the process dies in it, that ends the process and nothing else.
    /// </summary>
    /// <returns>False when it died.</returns>
    internal bool Survives(Host host, Action piece)
    {
        try
        {
            piece();
            return true;
        }
        catch (SimulatedDeathException)
        {
            host.Die("dies in what it does");
        }
        catch (DiskFullException)
        {
            host.Die("ends: its disk is full");
        }
        catch (Exception exception) when (exception is not BreachException)
        {
            // A liar may well trip over its own lies.
            if (host.IsHonest)
            {
                throw new BreachException("no process fails", $"R{host.Self} {_doing}: {exception.Message}");
            }

            host.Die($"fails: {exception.Message}");
        }

        return false;
    }

    internal void StartLater(Host host)
    {
        var delay = _chance.Between(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(2500));
        Agenda.After(delay, host.Start);
    }

    /// <summary>A process has come up: its connections do, too.</summary>
    internal void Connected(Host host)
    {
        foreach (var peer in Hosts)
        {
            Connect(host, peer);
        }
    }

    /// <summary>A validator's directory of peers names one more.</summary>
    internal void Connect(Host host, Host peer)
    {
        if (peer.Self != host.Self && !Network.IsCut(host.Id, peer.Id) && !Network.IsCut(peer.Id, host.Id))
        {
            host.Life?.OnConnected(peer);
            peer.Life?.OnConnected(host);
        }
    }

    /// <summary>Links between two groups came up anew.</summary>
    internal void Reconnect(IReadOnlyList<int> here, IReadOnlyList<int> there)
    {
        foreach (var a in here)
        {
            foreach (var b in there)
            {
                Connect(Hosts[a], Hosts[b]);
            }
        }
    }

    internal void OnFinal(Host host, IReadOnlyList<FinalBlock> final)
    {
        foreach (var block in final)
        {
            Trace.Add(Now, TraceKind.Final, host.Id, -1, block.Block.Hash.ToArray());
            if (Trace.IsHeard)
            {
                Trace.Tell(
                    Now, TraceKind.Final, host.Id, -1,
                    $"{block.Block} with {block.Block.Transactions.Count} transactions");
            }
        }

        if (host.IsHonest)
        {
            foreach (var client in Clients)
            {
                client.OnFinal(host);
            }
        }
    }

    /// <summary>
    /// The one signature check of transactions; the same one is not checked for every validator again.
    /// </summary>
    internal bool SignatureIsValid(Transaction transaction)
    {
        var key = (transaction.Hash, transaction.Signature);
        if (!_signatures.TryGetValue(key, out var valid))
        {
            _signatures[key] = valid = transaction.SignatureIsValid();
        }

        return valid;
    }

    /// <summary>The same for validators, by their keys.</summary>
    internal bool IsSigned(in PublicKey validator, in Statement statement, in Signature signature)
        => Members.FindByKey(validator) is { } seat && Signatures.Verify(seat, statement, signature);

    internal Transaction? Decode(ReadOnlyMemory<byte> encoded)
        => Transaction.TryDecode(encoded, out var transaction, out _) ? transaction : null;

    internal Block? DecodeBlock(ReadOnlyMemory<byte> encoded)
        => BlockCodec.TryDecode(encoded, out var block, out _) ? block : null;

    private void RunFaults()
    {
        foreach (var host in Hosts)
        {
            host.Ledger.OnKept = final =>
            {
                Learn(host, final);
                Watch.Finalises(host, final);
            };
            Watch.Follow(host);
            host.Start();
        }

        foreach (var client in Clients)
        {
            client.Begin();
        }

        if (Spares > 0)
        {
            Admin.Begin();
        }

        _faults.Begin();
        while (Steps < Options.Steps && Agenda.Next(FaultsMax))
        {
            Watch.Bounded("the network", Network.InFlight, InFlightMax);
        }
    }

    /// <summary>
    /// Nothing breaks any more, so everything that waits becomes final, and everybody catches up.
    /// </summary>
    private void RunCalm()
    {
        _doing = "calm";
        Plan.IsOver = true;
        ClientsAct = false;
        _faults.MendAll();
        foreach (var newcomer in Hosts.Where(host => IsSeated(host) && !host.IsMember))
        {
            // What was lost on its way to one nobody asks again broke its connection, which comes up anew.
            Connected(newcomer);
        }

        if (Liars > Options.Faulty)
        {
            LiarsAct = false;
            return;
        }

        var end = Now + (CalmTimeouts * Pbft.ViewTimeoutMax);
        var limit = Steps + (200L * Options.Steps) + 2_000_000;
        while (!IsAllFinal())
        {
            if (!Agenda.Next(end) || Steps > limit)
            {
                throw new BreachException("liveness", WhatIsNotFinal());
            }
        }

        Watch.AssertAccused();
    }

    /// <summary>A network without work says nothing. Liars may speak, so only without any.</summary>
    private void RunSilence()
    {
        LiarsAct = false;
        if (!Protocol.FallsSilent || Hosts.Any(host => !host.IsHonest))
        {
            return;
        }

        var quiet = Now + (2 * Pbft.ViewTimeoutMax);
        var end = quiet + (2 * Pbft.ViewTimeoutMax);
        while (Agenda.Next(end))
        {
            Watch.Bounded("the network", Network.InFlight, InFlightMax);
        }

        if (Network.LastSent > quiet)
        {
            throw new BreachException(
                "silence", $"something was sent {Network.LastSent - quiet} after all should be still");
        }
    }

    private void CheckHistory()
    {
        if (LinearizabilityChecker.FindViolation(Recorded) is { } key)
        {
            throw new BreachException("linearizable", $"what clients saw of {key} has no order");
        }
    }

    private bool IsAllFinal()
    {
        foreach (var client in Clients)
        {
            if (client.IsWaiting)
            {
                return false;
            }
        }

        foreach (var host in Hosts)
        {
            if (host.IsHonest && !host.HasRefused && IsSeated(host)
                && (host.Life is not { } life || life.Pool.Count > 0
                    || life.Machine.Head.Height != Watch.Highest || life.Witness.Owes))
            {
                return false;
            }
        }

        return !Admin.IsWaiting;
    }

    /// <summary>A block that changed the validators is final on one machine long before another.</summary>
    private void Learn(Host host, FinalBlock final)
    {
        if (final.Writes.Any(write => write.Key.AsSpan().SequenceEqual(StateKey.Validators)))
        {
            var members = ValidatorHistory.Read(Genesis, key => host.Ledger.ReadState(key));
            if (members.Epoch > Members.Epoch
                || (members.Epoch == Members.Epoch && members.Seats >= Members.Seats))
            {
                Members = members;
            }
        }
    }

    private string WhatIsNotFinal()
    {
        var waiting = Clients.Count(client => client.IsWaiting);
        var stands = Hosts.Where(host => host.IsHonest && !host.HasRefused)
            .Select(host => host.Life is { } life
                ? $"R{host.Self} v{life.Engine.View}{(life.Engine.HasEntered ? "" : " (asked)")} "
                    + $"h{life.Machine.Head.Height} {life.Pool.Count} waiting"
                : $"R{host.Self} is down");
        return $"{CalmTimeouts * Pbft.ViewTimeoutMax.TotalSeconds:0} s after the faults stopped {waiting} "
            + $"clients wait, the highest final block is {Watch.Highest}: {string.Join("; ", stands)}";
    }
}
