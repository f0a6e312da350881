using Ledger.Core;
using Ledger.Node.Consensus;
using Prometheus;

namespace Ledger.Node.Hosting;

/// <summary>
/// What alerts need beside the node's work: how many validators must agree and which of them do, what the
/// mempool and the disk can hold, and what this machine takes for the time.
/// </summary>
internal sealed class AlertMetrics
{
    private readonly ValidatorDirectory _directory;
    private readonly Gauge _validators;
    private readonly Gauge _quorum;
    private readonly Counter _certificates;
    private readonly Counter _signatures;
    private readonly Gauge _free;
    private readonly Gauge _size;
    private readonly Gauge _clock;

    public AlertMetrics(
        MetricFactory metrics, ValidatorDirectory directory, MempoolLimits mempool, string dataDir,
        TimeProvider clock, CollectorRegistry registry)
    {
        _directory = directory;
        _validators = metrics.CreateGauge("ledger_validators", "Validators of this chain.");
        _quorum = metrics.CreateGauge("ledger_quorum", "How many of them must agree.");
        metrics.CreateGauge("ledger_mempool_transactions_max", "How many transactions may wait.")
            .Set(mempool.MaxTransactions);
        metrics.CreateGauge("ledger_mempool_bytes_max", "How many bytes of them may wait.")
            .Set(mempool.MaxBytes);
        _certificates = metrics.CreateCounter(
            "ledger_certificates_total", "Certificates of blocks made final since the start.");
        _signatures = metrics.CreateCounter(
            "ledger_certificate_signatures_total",
            "In how many of these certificates another validator's signature stands.", "validator");
        _free = metrics.CreateGauge(
            "ledger_disk_free_bytes", "What this process may still write beside its data.");
        _size = metrics.CreateGauge("ledger_disk_size_bytes", "Size of the file system that holds the data.");
        _clock = metrics.CreateGauge(
            "ledger_clock_seconds", "What this machine takes for the time, since 1970 in UTC.");
        registry.AddBeforeCollectCallback(() =>
        {
            _clock.Set(clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
            LookAtDisk(dataDir);
            LookAtValidators();
        });
    }

    public void Finalised(FinalBlock final)
    {
        if (final.Certificate is not { } certificate)
        {
            return;
        }

        _certificates.Inc();
        foreach (var signer in certificate.Signers)
        {
            Count(signer.Validator, 1);
        }
    }

    /// <summary>Our own signature is in every certificate that we assemble, and says nothing.</summary>
    private void Count(ValidatorIndex validator, double signatures)
    {
        if (validator != _directory.Self)
        {
            _signatures.WithLabels(_directory.NameOf(validator)).Inc(signatures);
        }
    }

    /// <summary>Who has never signed is to be seen too, from the epoch on in which it may.</summary>
    private void LookAtValidators()
    {
        var validators = _directory.Validators;
        _validators.Set(validators.Count);
        _quorum.Set(validators.Quorums.Quorum);
        for (var i = 0; i < validators.Seats; i++)
        {
            if (validators.Contains(new(i)))
            {
                Count(new(i), 0);
            }
        }
    }

    private void LookAtDisk(string folder)
    {
        try
        {
            DriveInfo drive = new(folder);
            _free.Set(drive.AvailableFreeSpace);
            _size.Set(drive.TotalSize);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A disk that does not answer has nothing left to write on.
            _free.Set(0);
        }
    }
}
