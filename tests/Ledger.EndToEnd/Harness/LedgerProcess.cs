using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// The built tool as a process of its own: what it says, the signals it is sent, and how it ends. Killed when
/// disposed, and when the tests end before that.
/// </summary>
internal sealed class LedgerProcess : IDisposable
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private const int TailLengthMax = 8_000;

    private readonly Process _process;
    private readonly EventHandler _onTestsEnd;
    private readonly Lock _lock = new();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly List<(string Words, TaskCompletionSource Heard)> _awaited = [];
    private bool _disposed;

    private LedgerProcess(ProcessStartInfo start)
    {
        _process = new() { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Hear(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(_errors, line.Data);
        _onTestsEnd = (_, _) => Kill();
        AppDomain.CurrentDomain.ProcessExit += _onTestsEnd;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    public static LedgerProcess Start(params IEnumerable<string> arguments)
        => Start(new Dictionary<string, string>(), arguments);

    /// <summary>With these variables, and none of ours that the tool would read.</summary>
    public static LedgerProcess Start(
        IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments)
    {
        var host = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        var program = Path.Combine(AppContext.BaseDirectory, "ledger.dll");
        ProcessStartInfo start = new(host, [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.ToList())
        {
            if (name.StartsWith("LEDGER", StringComparison.Ordinal))
            {
                start.Environment.Remove(name);
            }
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(start);
    }

    /// <summary>A program of the system's, heard and ended like our own.</summary>
    public static LedgerProcess StartOther(string program, params IEnumerable<string> arguments)
        => new(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        params IEnumerable<string> arguments)
    {
        using var process = Start(arguments);
        var exitCode = await process.ExitAsync();
        return (exitCode, process.Output, process.Errors);
    }

    /// <summary>What it said last, for who wants to know why something did not happen.</summary>
    public string Tail
    {
        get
        {
            var said = $"It said last:\n{Output}\n{Errors}";
            return said.Length <= TailLengthMax ? said : $"It said last:\n{said[^TailLengthMax..]}";
        }
    }

    /// <summary>As a power cut would: no handler runs, nothing is flushed.</summary>
    public void Kill()
    {
        Send(SigKill);
        _process.WaitForExit();
    }

    public void Interrupt() => Send(SigInt);

    public void Terminate() => Send(SigTerm);

    /// <summary>Stands still but keeps its connections, like a machine that swaps.</summary>
    public void Pause() => Send(SigStop);

    public void Resume() => Send(SigCont);

    /// <summary>Waits until it has ended by itself and all it said was heard.</summary>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It still runs. It said:\n{Output}\n{Errors}");
        }
    }

    /// <summary>Waits until it has said these words, on either stream, now or earlier.</summary>
    public async Task SaysAsync(string words)
    {
        TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (Holds(_output, words) || Holds(_errors, words))
            {
                return;
            }

            _awaited.Add((words, heard));
        }

        try
        {
            await heard.Task.WaitAsync(Eventually.Deadline);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"It never said '{words}', but:\n{Output}\n{Errors}");
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            AppDomain.CurrentDomain.ProcessExit -= _onTestsEnd;
            Kill();
            _process.Dispose();
        }
    }

    private void Hear(StringBuilder into, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lock)
        {
            into.Append(line).Append('\n');
            _awaited.RemoveAll(awaited => line.Contains(awaited.Words, StringComparison.Ordinal)
                && awaited.Heard.TrySetResult());
        }
    }

    private string Read(StringBuilder text)
    {
        lock (_lock)
        {
            return text.ToString();
        }
    }

    private static bool Holds(StringBuilder text, string words)
        => text.ToString().Contains(words, StringComparison.Ordinal);

    private void Send(int signal)
    {
        // A pid belongs to us until we have waited for it, so this reaches nobody else.
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, signal);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
