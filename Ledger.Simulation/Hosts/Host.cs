using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// One machine: its clock, its disks, and the process that runs on it now. The machine outlives the process.
/// </summary>
internal sealed class Host : IDisposable
{
    /// <summary>A part in this many: how far a clock's rate is off.</summary>
    private const long RateUnit = 1_000_000;

    /// <summary>How many of those at most, this way or that.</summary>
    public const int RateErrorMax = 8_000;

    /// <summary>By how much at most one clock runs faster than another, in thousandths, rounded up.</summary>
    public const int DriftPerMilleMax = 17;

    private readonly Simulator _simulator;
    private TimeSpan _pausedUntil;

    public Host(Simulator simulator, int id, ValidatorIndex self)
    {
        _simulator = simulator;
        Id = id;
        Self = self;
        Journal = new(Death, simulator.Protocol);
        Ledger = new(Death);
        Account = SigningKey.FromSeed(Sha256.Hash("host"u8, [(byte)id]).ToArray());
    }

    /// <summary>
    /// Its place in the network. A twin has one of its own, and its original's <see cref="Self"/>.
    /// </summary>
    public int Id { get; }

    public ValidatorIndex Self { get; }

    /// <summary>Whether it is a validator in the epoch that it has reached.</summary>
    public bool IsMember => Life is { } life && life.Machine.Epoch.Validators.Contains(Self);

    public DeathPlan Death { get; } = new();

    public JournalDisk Journal { get; }

    public LedgerDisk Ledger { get; }

    /// <summary>Proofs of double votes, on its disk until the ledger has them.</summary>
    public Dictionary<Offence, Evidence> Evidence { get; } = [];

    /// <summary>What it signs its own transactions with.</summary>
    public SigningKey Account { get; }

    /// <summary>Null while it is down.</summary>
    public Life? Life { get; private set; }

    /// <summary>Null for an honest validator.</summary>
    public Liar? Liar { get; set; }

    public bool IsHonest => Liar is null;

    /// <summary>It refuses to start for good: its journal is damaged.</summary>
    public bool HasRefused { get; private set; }

    /// <summary>How many times slower than others it works.</summary>
    public int Slowness { get; set; } = 1;

    /// <summary>How many parts in a million its clock runs too fast.</summary>
    public long RateError { get; set; }

    public TimeSpan ClockOffset { get; set; }

    /// <summary>How many of its processes ended before their time.</summary>
    public int Deaths { get; private set; }

    /// <summary>What its own clock says has passed: it only runs forward.</summary>
    public TimeSpan Elapsed => new(_simulator.Now.Ticks + (_simulator.Now.Ticks / RateUnit * RateError));

    public Timestamp Calendar => _simulator.Genesis.Time.Plus(Elapsed + ClockOffset);

    /// <summary>How long something takes in the world that this clock calls so long.</summary>
    public TimeSpan InTheWorld(TimeSpan here) => new(here.Ticks - (here.Ticks / RateUnit * RateError));

    public void Start()
    {
        if (Life is not null || HasRefused)
        {
            return;
        }

        _simulator.Trace.Add(_simulator.Now, TraceKind.Starts, Id, -1);
        try
        {
            var life = new Life(_simulator, this);
            Life = life;
            Tell(TraceKind.Starts, $"starts at height {Ledger.Head?.Height}");
            life.Begin();
        }
        catch (DamagedJournalException damaged)
        {
            HasRefused = true;
            Tell(TraceKind.Starts, $"refuses to start: {damaged.Message}");
        }
        catch (DiskFullException)
        {
            Tell(TraceKind.Starts, "cannot start: the disk is full");
            _simulator.StartLater(this);
        }
    }

    /// <summary>The process ends here, and with it whatever is not on a disk.</summary>
    public void Die(string how)
    {
        if (Life is null)
        {
            return;
        }

        Life = null;
        Deaths++;
        Death.Cancel();
        _simulator.Trace.Add(_simulator.Now, TraceKind.Dies, Id, -1);
        Tell(TraceKind.Dies, how);
        _simulator.StartLater(this);
    }

    public void Dispose() => Account.Dispose();

    public void Receive(Host from, Parcel parcel) => WhenAwake(() => Life?.Receive(from, parcel));

    /// <summary>
    /// What runs on it stands still for so long: a collection of garbage, a debugger, a machine that moves.
    /// </summary>
    public void Pause(TimeSpan length)
    {
        var until = _simulator.Now + length;
        _pausedUntil = until > _pausedUntil ? until : _pausedUntil;
    }

    /// <summary>At once, or in its turn when the host goes on.</summary>
    public void WhenAwake(Action happening)
    {
        if (_simulator.Now < _pausedUntil)
        {
            _simulator.Agenda.At(_pausedUntil, () => WhenAwake(happening));
        }
        else
        {
            happening();
        }
    }

    private void Tell(TraceKind kind, string text)
    {
        if (_simulator.Trace.IsHeard)
        {
            _simulator.Trace.Tell(_simulator.Now, kind, Id, -1, text);
        }
    }
}
