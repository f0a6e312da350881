using System.Diagnostics;
using Ledger.Core;
using Ledger.Node.Mempool;
using Ledger.Storage;
using Prometheus;

namespace Ledger.Node.Hosting;

/// <summary>What the ledger, its mempool, its store and the runtime show of themselves.</summary>
internal sealed class LedgerMetrics
{
    private readonly Counter _blocks;
    private readonly Counter _transactions;
    private readonly Histogram _blockTransactions;
    private readonly Histogram _finality;
    private readonly Gauge _height;

    public LedgerMetrics(
        MetricFactory metrics, LedgerStore store, SharedPool pool, SyncLag lag, Genesis genesis,
        CollectorRegistry registry)
    {
        _height = metrics.CreateGauge("ledger_block_height", "Height of the last final block.");
        _height.Set(store.Head?.Height.Value ?? 0);
        _blocks = metrics.CreateCounter(
            "ledger_blocks_committed_total", "Blocks made final since the start.");
        _transactions = metrics.CreateCounter(
            "ledger_transactions_committed_total", "Transactions made final since the start.", "result");
        _ = _transactions.WithLabels("applied");
        _ = _transactions.WithLabels("failed");
        _blockTransactions = metrics.CreateHistogram(
            "ledger_block_transactions", "Transactions in a final block.",
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(1, 2, 14) });
        _finality = metrics.CreateHistogram(
            "ledger_transaction_finality_seconds",
            "From admission here to final, for transactions admitted here.",
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.001, 2, 15) });
        pool.OnFinality = waited => _finality.Observe(waited.TotalSeconds);
        var count = metrics.CreateGauge("ledger_mempool_transactions", "Transactions that wait.");
        var bytes = metrics.CreateGauge("ledger_mempool_bytes", "Bytes of the transactions that wait.");
        var behind = metrics.CreateGauge("ledger_sync_lag_blocks", "Blocks behind the highest peer.");
        var storage = metrics.CreateGauge("ledger_storage_bytes", "Bytes in the store.", "column_family");
        metrics.CreateGauge("ledger_build_info", "1; the labels say what runs.", "version", "mode")
            .WithLabels(NodeStatus.Version, genesis.Mode.ToString().ToLowerInvariant()).Set(1);
        var runtime = new RuntimeMetrics(metrics);
        registry.AddBeforeCollectCallback(() =>
        {
            count.Set(pool.Count);
            bytes.Set(pool.Bytes);
            behind.Set(lag.Blocks);
            foreach (var (family, size) in store.SizeByFamily())
            {
                storage.WithLabels(family).Set(size);
            }

            runtime.Update();
        });
    }

    /// <summary>A witness makes no block final: the last that it knows to be committed.</summary>
    public void Committed(Height height) => _height.Set(height.Value);

    public void Finalised(FinalBlock final)
    {
        var applied = final.Receipts.Count(receipt => receipt.IsApplied);
        _height.Set(final.Block.Height.Value);
        _blocks.Inc();
        _transactions.WithLabels("applied").Inc(applied);
        _transactions.WithLabels("failed").Inc(final.Receipts.Count - applied);
        _blockTransactions.Observe(final.Receipts.Count);
    }
}

/// <summary>The process and its runtime, under the names that dashboards know.</summary>
internal sealed class RuntimeMetrics
{
    private readonly Counter _cpu;
    private readonly Gauge _resident;
    private readonly Gauge _heap;
    private readonly Counter _allocated;
    private readonly Counter _collections;
    private readonly Counter _pause;
    private readonly Gauge _threads;
    private readonly Gauge _queued;

    public RuntimeMetrics(MetricFactory metrics)
    {
        _cpu = metrics.CreateCounter("process_cpu_seconds_total", "User and system CPU time.");
        _resident = metrics.CreateGauge("process_resident_memory_bytes", "Resident memory.");
        _heap = metrics.CreateGauge("dotnet_gc_heap_bytes", "Managed heap after the last collection.");
        _allocated = metrics.CreateCounter("dotnet_gc_allocated_bytes_total", "Managed memory allocated.");
        _collections = metrics.CreateCounter("dotnet_gc_collections_total", "Collections.", "generation");
        _pause = metrics.CreateCounter("dotnet_gc_pause_seconds_total", "Time paused for collections.");
        _threads = metrics.CreateGauge("dotnet_threadpool_threads", "Threads in the pool.");
        _queued = metrics.CreateGauge("dotnet_threadpool_queue_length", "Work items that wait for a thread.");
    }

    public void Update()
    {
        using var process = Process.GetCurrentProcess();
        _cpu.IncTo(process.TotalProcessorTime.TotalSeconds);
        _resident.Set(process.WorkingSet64);
        _heap.Set(GC.GetGCMemoryInfo().HeapSizeBytes);
        _allocated.IncTo(GC.GetTotalAllocatedBytes());
        _pause.IncTo(GC.GetTotalPauseDuration().TotalSeconds);
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            _collections.WithLabels(generation.ToString(System.Globalization.CultureInfo.InvariantCulture))
                .IncTo(GC.CollectionCount(generation));
        }

        _threads.Set(ThreadPool.ThreadCount);
        _queued.Set(ThreadPool.PendingWorkItemCount);
    }
}
